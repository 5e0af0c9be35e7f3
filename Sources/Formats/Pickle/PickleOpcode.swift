/// The opcodes of pickles of protocols 2 to 5, with the bytes that the `pickletools` module of Python lists them under.
///
/// Opcodes of protocols 0 and 1 are here as far as newer pickles use them, or as far as they are refused by name.
enum PickleOpcode: UInt8 {
  // The stack.
  case mark = 0x28, stop = 0x2E, pop = 0x30, popMark = 0x31, dup = 0x32
  // Single values.
  case none = 0x4E, newTrue = 0x88, newFalse = 0x89, binInt = 0x4A, binInt1 = 0x4B, binInt2 = 0x4D, long1 = 0x8A
  case long4 = 0x8B, binFloat = 0x47
  case binString = 0x54, shortBinString = 0x55, binUnicode = 0x58, shortBinUnicode = 0x8C, binUnicode8 = 0x8D
  case binBytes = 0x42, shortBinBytes = 0x43, binBytes8 = 0x8E, byteArray8 = 0x96
  // Values with parts.
  case emptyTuple = 0x29, tuple = 0x74, tuple1 = 0x85, tuple2 = 0x86, tuple3 = 0x87
  case emptyList = 0x5D, list = 0x6C, append = 0x61, appends = 0x65
  case emptyDict = 0x7D, dict = 0x64, setItem = 0x73, setItems = 0x75
  case emptySet = 0x8F, addItems = 0x90, frozenSet = 0x91
  // Imports and calls, of which none is made.
  case global = 0x63, stackGlobal = 0x93, reduce = 0x52, newObject = 0x81, newObjectEx = 0x92, object = 0x6F
  case build = 0x62, binPersID = 0x51
  // The memo.
  case binGet = 0x68, longBinGet = 0x6A, binPut = 0x71, longBinPut = 0x72, memoize = 0x94
  // The stream.
  case proto = 0x80, frame = 0x95
  // Refused.
  case persID = 0x50, int = 0x49, long = 0x4C, float = 0x46, string = 0x53, unicode = 0x56, get = 0x67, put = 0x70
  case inst = 0x69, ext1 = 0x82, ext2 = 0x83, ext4 = 0x84, nextBuffer = 0x97, readonlyBuffer = 0x98

  /// The name in `pickletools`.
  var name: String {
    switch self {
    case .newTrue: "NEWTRUE"
    case .newFalse: "NEWFALSE"
    case .binInt, .binInt1, .binInt2, .binFloat, .binString, .binUnicode, .binUnicode8, .binBytes, .binBytes8, .binGet,
      .binPut, .byteArray8, .binPersID, .persID:
      "\(self)".uppercased()
    case .shortBinString: "SHORT_BINSTRING"
    case .shortBinUnicode: "SHORT_BINUNICODE"
    case .shortBinBytes: "SHORT_BINBYTES"
    case .setItem: "SETITEM"
    case .setItems: "SETITEMS"
    case .addItems: "ADDITEMS"
    case .newObject: "NEWOBJ"
    case .newObjectEx: "NEWOBJ_EX"
    case .object: "OBJ"
    case .longBinGet: "LONG_BINGET"
    case .longBinPut: "LONG_BINPUT"
    case .frozenSet: "FROZENSET"
    default:
      // `emptyDict` is EMPTY_DICT.
      "\(self)".reduce(into: "") { $0 += $1.isUppercase ? "_\($1)" : $1.uppercased() }
    }
  }
}
