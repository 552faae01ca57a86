// How busy the processor is: at every tick of the system's clock it is noted whether the idle task was running.
#pragma once

void processorLoadBegin();

/**
 * Per cent, of the time since the last call; while too few ticks have passed to tell, what was measured before; NaN
 * before the first measurement.
 */
double processorLoad();
