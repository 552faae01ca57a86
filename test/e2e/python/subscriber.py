"""A consumer as a user of the earlier system writes it: prints each masked reading as one line of JSON."""
import json
import os
import sys

import paho.mqtt.client as mqtt
from cryptography.fernet import Fernet

fernet = Fernet(open(os.environ["FERNET_KEY_FILE"], "rb").read())
wanted = int(sys.argv[1])
seen = 0


def on_connect(client, userdata, flags, rc):
    print(json.dumps({"connected": rc}), flush=True)
    client.subscribe("dc/temperature/masked_encrypted")


def on_message(client, userdata, message):
    global seen
    payload = json.loads(fernet.decrypt(message.payload).decode())
    reading = {"timestamp": payload["timestamp"], "temperature": payload["temperature"], "fields": sorted(payload)}
    print(json.dumps(reading), flush=True)
    seen += 1
    if seen == wanted:
        client.disconnect()


client = mqtt.Client()
if os.environ.get("MQTT_USER"):
    client.username_pw_set(os.environ["MQTT_USER"], os.environ["MQTT_PASSWORD"])
client.on_connect = on_connect
client.on_message = on_message
client.connect("127.0.0.1", int(os.environ["MQTT_PORT"]), 60)
client.loop_forever()
