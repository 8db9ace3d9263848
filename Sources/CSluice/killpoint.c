#include "CSluice.h"

int sluice_kill_armed = 0;
static int countdown = 0;

void sluice_arm_kill_points(int count) {
  countdown = count;
  sluice_kill_armed = 1;
}

bool sluice_kill_point_is_due(void) { return __atomic_sub_fetch(&countdown, 1, __ATOMIC_RELAXED) == 0; }
