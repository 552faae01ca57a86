// Pins and sensors; what they show comes from the board.
#include "Arduino.h"
#include "DHT.h"
#include "DallasTemperature.h"
#include "OneWire.h"
#include "board.h"

// Which pin is which, as the sketch was built.
#include "options.h"

void pinMode(uint8_t, uint8_t) {}

int digitalRead(uint8_t pin) {
  if (pin == REDOUBT_PIN_MOTION) return board::isFitted("motion") && board::isMotion() ? HIGH : LOW;
  if (pin == REDOUBT_PIN_SETUP) return board::portalPort() > 0 ? LOW : HIGH;
  return LOW;
}

void digitalWrite(uint8_t pin, uint8_t level) { board::setOutput(pin, level != LOW); }

void analogSetPinAttenuation(uint8_t, adc_attenuation_t) {}

uint32_t analogReadMilliVolts(uint8_t pin) {
  if (pin == REDOUBT_PIN_LIGHT) return board::isFitted("light") ? board::lightMilliVolts() : 0;
  if (pin == REDOUBT_PIN_BATTERY) return board::isFitted("battery") ? board::batteryMilliVolts() : 0;
  return 0;
}

DHT::DHT(uint8_t, uint8_t) {}

void DHT::begin() {}

float DHT::readTemperature() { return board::isFitted("dht22") ? static_cast<float>(board::temperatureC()) : NAN; }

float DHT::readHumidity() { return board::isFitted("dht22") ? static_cast<float>(board::humidityPercent()) : NAN; }

OneWire::OneWire(uint8_t) {}

DallasTemperature::DallasTemperature(OneWire *) {}

void DallasTemperature::begin() {}

uint8_t DallasTemperature::getDeviceCount() { return board::isFitted("ds18b20") ? 1 : 0; }

void DallasTemperature::setWaitForConversion(bool) {}

void DallasTemperature::requestTemperatures() {}

float DallasTemperature::getTempCByIndex(uint8_t) {
  return board::isFitted("ds18b20") ? static_cast<float>(board::temperatureC() - 0.3) : DEVICE_DISCONNECTED_C;
}
