"""The three programs of an earlier system in one: devices behind a single client, and a monitor with fixed limits."""
import json
import os
import sys
import threading
import time

import paho.mqtt.client as mqtt

version = [mqtt.CallbackAPIVersion.VERSION1] if hasattr(mqtt, "CallbackAPIVersion") else []


def connected(client_id, topic=None):
    client = mqtt.Client(*version, client_id=client_id)
    client.username_pw_set(os.environ["MQTT_USER"], os.environ["MQTT_PASSWORD"])
    client.connect("127.0.0.1", int(os.environ["MQTT_PORT"]), 60)
    subscribed = threading.Event()
    client.on_subscribe = lambda *_: subscribed.set()
    client.loop_start()
    if topic:
        client.subscribe(topic)
        subscribed.wait()
    return client


published = []


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
    published.append(client.publish("security/alert", json.dumps(alert)))


monitor = connected("iot-monitor", "iot/#")
monitor.on_message = judge
simulator = connected("iot-simulator")
readings = json.loads(sys.argv[1])
for client_id, topic, temp, humidity, rate in readings:
    reading = {
        "client_id": client_id,
        "topic": topic,
        "temp": temp,
        "humidity": humidity,
        "message_rate": rate,
        "timestamp": int(time.time()),
    }
    simulator.publish(topic, json.dumps(reading)).wait_for_publish()
while len(published) < len(readings):
    time.sleep(0.05)
for each in published:
    each.wait_for_publish()
for client in (simulator, monitor):
    client.disconnect()
    client.loop_stop()
