"""The three programs of an earlier system in one: devices behind a single client, and a monitor with fixed limits."""
import json
import os
import sys
import time

import paho.mqtt.client as mqtt

version = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []


def connected(client_id, topic=None):
    client = mqtt.Client(*version, client_id=client_id)
    client.username_pw_set(os.environ["MQTT_USER"], os.environ["MQTT_PASSWORD"])
    client.connect("127.0.0.1", int(os.environ["MQTT_PORT"]), 60)
    if topic:
        client.subscribe(topic)
    client.loop_start()
    return client


def judge(client, _userdata, message):
    reading = json.loads(message.payload)
    is_attack = reading["temp"] > 90 or reading["humidity"] < 20 or reading["message_rate"] > 100
    alert = {
        "time": int(time.time()),
        "client": reading["client_id"],
        "topic": message.topic,
        "temp": reading["temp"],
        "humidity": reading["humidity"],
        "rate": reading["message_rate"],
        "status": "anomaly" if is_attack else "normal",
    }
    client.publish("security/alert", json.dumps(alert))


monitor = connected("iot-monitor", "iot/#")
monitor.on_message = judge
simulator = connected("iot-simulator")
time.sleep(0.5)
for client_id, topic, temp, humidity, rate in json.loads(sys.argv[1]):
    reading = {
        "client_id": client_id,
        "topic": topic,
        "temp": temp,
        "humidity": humidity,
        "message_rate": rate,
        "timestamp": int(time.time()),
    }
    simulator.publish(topic, json.dumps(reading)).wait_for_publish()
time.sleep(1)
for client in (simulator, monitor):
    client.disconnect()
    client.loop_stop()
