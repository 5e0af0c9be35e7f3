import Tensors

// descr = order kind byteCount     NumPy's array interface; several letters of units after it for times
//
// order = "<" little-endian │ ">" big-endian │ "|" of no importance │ "=" the machine's
// kind  = "f" float │ "i" integer │ "u" unsigned │ "b" boolean │ "c" complex │ "V" void │ "O" Python objects
//         │ "S" bytes │ "U" text │ "M" "m" times
//
// ml_dtypes 0.6 writes types that NumPy does not have: bfloat16 as "<V2" and float8_e5m2 as "<f1", which nothing else
// writes (void itself has the order "|"); all its other types of one byte are "<V1".

/// The element type of an array.
enum NumPyType: Equatable {
  case known(StorageFormat)
  /// One that can only be named.
  case unknown(String)

  private static let formats: [String: StorageFormat] = [
    "f2": .f16, "f4": .f32, "f8": .f64, "i1": .i8, "i2": .i16, "i4": .i32, "i8": .i64, "u1": .u8, "u2": .u16,
    "u4": .u32, "u8": .u64, "b1": .bool, "c8": .c64,
  ]
  /// The types of ml_dtypes that their words tell.
  private static let others: [String: StorageFormat] = ["<V2": .bf16, "<f1": .f8_e5m2]

  /// The type that a header's `descr` names.
  init(_ descr: PythonLiteral) throws(NumPyError) {
    guard case .string(let text) = descr else {
      // A list of fields.
      guard case .list = descr else {
        throw .value(key: "descr", found: descr.text, expected: "a type such as '<f4'")
      }
      self = .unknown("NumPy fields \(descr.text)")
      return
    }
    let order = text.first, kind = String(text.dropFirst())
    guard kind.first != "O", text != "O" else { throw .objects }
    if let format = Self.others[text] {
      self = .known(format)
    } else if let format = Self.formats[kind], let order, "<>|=".contains(order) {
      guard order != ">" || format.bytesPerBlock == 1 else { throw .bigEndian(text) }
      self = .known(format)
    } else {
      self = .unknown("NumPy \(text)")
    }
  }
}
