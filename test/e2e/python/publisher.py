"""A sensor as a user of the earlier system writes it: Fernet over MQTT, one reading after the other."""
import json
import os
import sys
import time
from datetime import datetime, timezone

import paho.mqtt.client as mqtt
from cryptography.fernet import Fernet

fernet = Fernet(open(os.environ["FERNET_KEY_FILE"], "rb").read())
client = mqtt.Client()
if os.environ.get("MQTT_USER"):
    client.username_pw_set(os.environ["MQTT_USER"], os.environ["MQTT_PASSWORD"])
client.connect("127.0.0.1", int(os.environ["MQTT_PORT"]), 60)
client.loop_start()
for i in range(int(sys.argv[1])):
    now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    reading = {"timestamp": now, "temperature_C": round(25 + 0.01 * (i % 5), 2)}
    client.publish("dc/temperature/raw_encrypted", fernet.encrypt(json.dumps(reading).encode())).wait_for_publish()
    time.sleep(float(sys.argv[2]))
client.loop_stop()
client.disconnect()
