// libavcodec for Swift.
#pragma once
#include <libavcodec/avcodec.h>
#include <libavcodec/codec_desc.h>
