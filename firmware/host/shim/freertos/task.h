#pragma once

#include "freertos/FreeRTOS.h"

typedef struct shim_task *TaskHandle_t;
TaskHandle_t xTaskGetCurrentTaskHandle(void);
TaskHandle_t xTaskGetIdleTaskHandleForCPU(UBaseType_t cpu);
