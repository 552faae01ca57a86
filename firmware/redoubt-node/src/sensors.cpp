#include "sensors.h"

#include <Arduino.h>
#include <DHT.h>
#include <DallasTemperature.h>
#include <OneWire.h>

#include <cmath>

#include "options.h"

namespace {

#if REDOUBT_PIN_DHT22 >= 0
DHT dht(REDOUBT_PIN_DHT22, DHT22);
#endif
#if REDOUBT_PIN_DS18B20 >= 0
OneWire wire(REDOUBT_PIN_DS18B20);
DallasTemperature probe(&wire);
#endif

/** Below it nothing is at the pin: a divider with a battery gives more, an open pin with its resistor to ground less. */
constexpr uint32_t NO_BATTERY_MV = 300;
/** One value of the converter is off by several millivolts, which near half full is several per cent. */
constexpr uint32_t BATTERY_SAMPLES = 16;

void add(Measured &measured, const char *name, double value, uint8_t decimals) {
  // NaN is what the libraries answer for a sensor that does not: it was not measured.
  if (!std::isfinite(value) || measured.count >= MOST_QUANTITIES) return;
  redoubt_quantity &quantity = measured.quantities[measured.count++];
  quantity = {};
  quantity.name = name;
  quantity.kind = REDOUBT_NUMBER;
  quantity.number = value;
  quantity.decimals = decimals;
}

/** A lithium-ion cell's charge by its voltage at rest: between the points it is close to a line. */
double chargeOf(double volts) {
  static constexpr double CURVE[][2] = {{3.30, 0},  {3.60, 10}, {3.70, 25}, {3.75, 40},
                                        {3.82, 55}, {3.92, 70}, {4.05, 87}, {4.18, 100}};
  constexpr size_t COUNT = sizeof CURVE / sizeof *CURVE;
  if (volts <= CURVE[0][0]) return 0;
  for (size_t i = 1; i < COUNT; i++) {
    if (volts > CURVE[i][0]) continue;
    const double part = (volts - CURVE[i - 1][0]) / (CURVE[i][0] - CURVE[i - 1][0]);
    return CURVE[i - 1][1] + part * (CURVE[i][1] - CURVE[i - 1][1]);
  }
  return 100;
}

double batteryLevel() {
#if REDOUBT_PIN_BATTERY >= 0
  uint32_t sum = 0;
  for (uint32_t i = 0; i < BATTERY_SAMPLES; i++) sum += analogReadMilliVolts(REDOUBT_PIN_BATTERY);
  const double atPin = static_cast<double>(sum) / BATTERY_SAMPLES;
  if (atPin < NO_BATTERY_MV) return NAN;
  return chargeOf(atPin * REDOUBT_BATTERY_DIVIDER / 1000.0);
#else
  return NAN;
#endif
}

}  // namespace

void sensorsBegin() {
#if REDOUBT_PIN_DHT22 >= 0
  dht.begin();
#endif
#if REDOUBT_PIN_DS18B20 >= 0
  probe.begin();
  // A conversion takes 750 ms: it runs while the device does something else.
  probe.setWaitForConversion(false);
#endif
#if REDOUBT_PIN_MOTION >= 0
  pinMode(REDOUBT_PIN_MOTION, INPUT);
#endif
#if REDOUBT_PIN_LIGHT >= 0
  analogSetPinAttenuation(REDOUBT_PIN_LIGHT, ADC_11db);
#endif
#if REDOUBT_PIN_BATTERY >= 0
  analogSetPinAttenuation(REDOUBT_PIN_BATTERY, ADC_11db);
#endif
  sensorsPrepare();
}

void sensorsPrepare() {
#if REDOUBT_PIN_DS18B20 >= 0
  probe.requestTemperatures();
#endif
}

void sensorsRead(int signal, Measured &measured) {
  measured.count = 0;
  measured.battery = batteryLevel();
#if REDOUBT_PIN_DHT22 >= 0
  add(measured, "temperature", dht.readTemperature(), 1);
  add(measured, "humidity", dht.readHumidity(), 1);
#endif
#if REDOUBT_PIN_DS18B20 >= 0
  const float probed = probe.getDeviceCount() > 0 ? probe.getTempCByIndex(0) : DEVICE_DISCONNECTED_C;
  add(measured, "probe_temperature", probed <= DEVICE_DISCONNECTED_C ? NAN : probed, 2);
#endif
#if REDOUBT_PIN_MOTION >= 0
  // A flat reading's quantities are numbers at the gateway.
  add(measured, "motion", digitalRead(REDOUBT_PIN_MOTION) == HIGH ? 1 : 0, 0);
#endif
#if REDOUBT_PIN_LIGHT >= 0
  add(measured, "light", analogReadMilliVolts(REDOUBT_PIN_LIGHT), 0);
#endif
  if (signal < 0) add(measured, "wifi_signal", signal, 0);
}
