// Arduino's core as far as the sketch uses it, on Linux.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "Esp.h"
#include "HardwareSerial.h"
#include "WString.h"
#include "esp_random.h"

#define INPUT 0x01
#define OUTPUT 0x03
#define INPUT_PULLUP 0x05
#define LOW 0x0
#define HIGH 0x1
#define IRAM_ATTR
#define DRAM_ATTR

typedef enum { ADC_0db, ADC_2_5db, ADC_6db, ADC_11db } adc_attenuation_t;

uint32_t millis();
uint32_t micros();
void delay(uint32_t ms);
void yield();
void pinMode(uint8_t pin, uint8_t mode);
int digitalRead(uint8_t pin);
void digitalWrite(uint8_t pin, uint8_t level);
uint32_t analogReadMilliVolts(uint8_t pin);
void analogSetPinAttenuation(uint8_t pin, adc_attenuation_t attenuation);
void configTime(long offsetSec, int daylightSec, const char *server1, const char *server2 = nullptr,
                const char *server3 = nullptr);

void setup();
void loop();
