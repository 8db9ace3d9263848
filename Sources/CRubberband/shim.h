// librubberband for Swift: its C interface.
#pragma once
#include <rubberband/rubberband-c.h>
