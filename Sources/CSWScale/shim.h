// libswscale for Swift.
#pragma once
#include <libswscale/swscale.h>
