"""Image file headers, read before anything is decoded."""

from fusion_core.data.headers import tiff as tiff
from fusion_core.data.headers.header import MAX_PIXELS as MAX_PIXELS
from fusion_core.data.headers.header import Header as Header
from fusion_core.data.headers.header import UnusableError as UnusableError
from fusion_core.data.headers.header import damaged as damaged
from fusion_core.data.headers.inspect import inspect as inspect
