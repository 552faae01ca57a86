"""What a first stream processor in Python does for every message, in the manner of the thermal pipeline's seed:
decrypt a Fernet token, put the reading into a DataFrame of one row, ask an isolation forest trained on ten readings,
apply the noise rule, encrypt, publish. It prints nothing per message and sends no metrics, which favours it.

Environment: BENCH_HOST, BENCH_PORT, BENCH_USER, BENCH_PASSWORD, BENCH_RAW_TOPIC, BENCH_MASKED_TOPIC, BENCH_RAW_KEY,
BENCH_MASKED_KEY (Fernet keys).
"""

import json
import os

import numpy
import pandas
import paho.mqtt.client as mqtt
from cryptography.fernet import Fernet
from sklearn.ensemble import IsolationForest

OVERHEAT = 30.0
UNDERCOOL = 21.0
SET_POINT = 25.0
FEATURE = "temperature_C"

environment = os.environ
raw_cipher = Fernet(environment["BENCH_RAW_KEY"])
masked_cipher = Fernet(environment["BENCH_MASKED_KEY"])
masked_topic = environment["BENCH_MASKED_TOPIC"]

training = pandas.DataFrame({FEATURE: [24.98, 24.99, 25.0, 25.0, 25.01, 25.02, 25.03, 25.04, 25.06, 25.08]})
forest = IsolationForest(contamination=0.01, random_state=42).fit(training)


def mask(temperature, is_anomaly):
    if temperature >= OVERHEAT or temperature <= UNDERCOOL:
        return temperature
    if is_anomaly:
        return SET_POINT + numpy.random.normal(0, 0.1)
    return temperature + numpy.random.normal(0, 0.02)


def on_message(client, userdata, message):
    reading = json.loads(raw_cipher.decrypt(message.payload))
    temperature = reading[FEATURE]
    is_anomaly = bool(forest.predict(pandas.DataFrame({FEATURE: [temperature]}))[0] == -1)
    masked = {
        "timestamp": reading["timestamp"],
        "temperature": round(mask(temperature, is_anomaly), 2),
        "anomaly": is_anomaly,
    }
    client.publish(masked_topic, masked_cipher.encrypt(json.dumps(masked).encode()))


def new_client():
    if hasattr(mqtt, "CallbackAPIVersion"):  # paho-mqtt 2
        return mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    return mqtt.Client()


client = new_client()
if environment.get("BENCH_USER"):
    client.username_pw_set(environment["BENCH_USER"], environment["BENCH_PASSWORD"])
client.on_message = on_message
client.connect(environment["BENCH_HOST"], int(environment["BENCH_PORT"]))
client.subscribe(environment["BENCH_RAW_TOPIC"])
client.loop_forever()
