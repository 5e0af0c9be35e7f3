import Bytes
import Formats
import Tensors
import TestSupport
import Testing

@Suite("A NumPy file")
struct NumPyReadingTests {
  /// What `fixtures/generate/make_numpy.py` says of an array.
  private struct Expected {
    let shape: [Int], dtype: String, crc32: Int

    init(_ json: JSON) throws {
      shape = try #require(json["shape"]?.array).compactMap(\.integer)
      dtype = try #require(json["dtype"]?.string)
      crc32 = try #require(json["crc32"]?.integer)
    }
  }

  private func bytes(of tensor: TensorDescriptor, in checkpoint: Checkpoint) throws -> [UInt8] {
    let range = try #require(tensor.byteRange)
    return try checkpoint.files[range.fileIndex].bytes(at: range.offset, count: range.byteCount)
  }

  private static let formats: [String: StorageFormat] = [
    "<f2": .f16, "<f4": .f32, "<f8": .f64, "|i1": .i8, "<i2": .i16, "<i4": .i32, "<i8": .i64, "|u1": .u8, "<u2": .u16,
    "<u4": .u32, "<u8": .u64, "|b1": .bool, "<c8": .c64, "<V2": .bf16, "<f1": .f8_e5m2,
  ]

  @Test("has the arrays that NumPy wrote, stored and deflated", arguments: ["arrays.npz", "packed.npz"])
  func arrays(name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("numpy", name))
    #expect(checkpoint.container == .numPy && checkpoint.containerFacts["kind"] == "npz")
    let expected = try #require(Fixtures.json("numpy", "expected.json").object)
    #expect(checkpoint.tensors.map(\.name) == Array(expected.keys))
    #expect(checkpoint.storedFiles.map(\.name) == [name])
    for tensor in checkpoint.tensors {
      let array = try Expected(#require(expected[tensor.name]))
      #expect(tensor.shape.dimensions == array.shape, "\(tensor.name)")
      guard let format = Self.formats[array.dtype] else {
        #expect(tensor.declaredFormat == .unknown("NumPy \(array.dtype)"))
        continue
      }
      #expect(tensor.declaredFormat == .known(format), "\(tensor.name)")
      let bytes = try bytes(of: tensor, in: checkpoint)
      #expect(NumPyFile.crc32(bytes) == array.crc32, "\(tensor.name)")
    }
  }

  @Test("of one array is a tensor with the name of the file, in each version", arguments: ["v1", "v2", "v3"])
  func versions(name: String) throws {
    let checkpoint = try Checkpoint.open(Fixtures.path("numpy", name + ".npy"))
    let tensor = try #require(checkpoint.tensors.first)
    #expect(tensor.name.text == name && tensor.shape == [5, 9] && tensor.format == .f32)
    let array = try Expected(#require(Fixtures.json("numpy", "expected.json")["order.matrix"]))
    #expect(NumPyFile.crc32(try bytes(of: tensor, in: checkpoint)) == array.crc32)
  }

  static let refusals: [(name: String, words: String)] = [
    ("object.npy", "array has Python objects in a pickle, which are not read (save arrays of numbers)"),
    (
      "big-endian.npy",
      "array is big-endian (\">f4\"), expected little-endian (save array.astype(array.dtype.newbyteorder('<')))"
    ),
  ]

  @Test("is refused by the name of what it has", arguments: refusals)
  func refusal(name: String, words: String) {
    let path = Fixtures.path("numpy", name)
    #expect { try Checkpoint.open(path) } throws: { "\($0)" == "\(path): \(words)" }
  }

  @Test("of fields is listed, not decoded")
  func fields() throws {
    let tensor = try #require(Checkpoint.open(Fixtures.path("numpy", "fields.npy")).tensors.first)
    #expect(tensor.declaredFormat.description == "NumPy fields [('a', '<f4'), ('b', '<i2', (2,))]")
  }

  @Test("is the only weights of a folder")
  func folder() throws {
    let folder = TemporaryFolder()
    try folder.write(LocalFile(Fixtures.path("numpy", "arrays.npz")).wholeContent(limit: 1 << 20), to: "weights.npz")
    #expect(try Checkpoint.open(folder.path).container == .numPy)
  }
}

@Suite("A hostile NumPy file")
struct HostileNumPyTests {
  private let folder = TemporaryFolder()

  static let headers: [(header: String, words: String)] = [
    ("", "header is not valid at its byte 0, expected a literal"),
    ("{'descr': '<f4'", "header is not valid at its byte 15, expected a comma or the end of the pairs"),
    ("{'descr' '<f4'}", "header is not valid at its byte 9, expected a colon"),
    ("{'descr': __import__('os')}", "header is not valid at its byte 10, expected a literal"),
    ("{'descr': '\\x3cf4'}", "header is not valid at its byte 11, expected a printable ASCII character"),
    (
      String(repeating: "(", count: 5_000),
      "header is not valid at its byte 16, expected fewer literals inside of each other"
    ),
    ("('descr', '<f4')", "header is \"('descr', '<f4')\", expected a dictionary"),
    ("{'descr': '<f4', 'descr': '<f8'}", "header has \"descr\" twice"),
    ("{'descr': '<f4', 'strides': 3}", "header has \"'strides'\", expected descr, fortran_order and shape"),
    ("{'descr': '<f4', 'fortran_order': False}", "header has no \"shape\""),
    (
      "{'descr': 4, 'fortran_order': False, 'shape': (1,)}", "header: descr is \"4\", expected a type such as '<f4'"
    ),
    (
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", "header: fortran_order is \"0\", expected True or False"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1)}", "header: shape is \"1\", expected a tuple of extents"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1, -1)}",
      "header: shape is \"(1, -1)\", expected a tuple of extents"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
      "header is not valid at its byte 51, expected an integer of 64 bits"
    ),
    (
      "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
      "shape (4294967296, 4294967296) has more elements than there can be"
    ),
    (
      "{'descr': '<f4', 'fortran_order': True, 'shape': (2097152, 1048576, 1048576)}",
      "shape 2097152 × 1048576 × 1048576 has more elements than there can be"
    ),
    (
      "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4)}",
      "data has 16 bytes, expected 48 (32 bytes are missing; is the download complete?)"
    ),
    (
      "{'descr': '|O', 'fortran_order': True, 'shape': (3, 4)}",
      "array has Python objects in a pickle, which are not read (save arrays of numbers)"
    ),
  ]

  @Test("has a header that is refused", arguments: headers)
  func header(header: String, words: String) throws {
    let path = try folder.write(NumPyFile.array(header, data: [UInt8](repeating: 1, count: 16)), to: "a.npy")
    #expect { try Checkpoint.open(path) } throws: { "\($0)" == "\(path): \(words)" }
  }

  @Test("has a header that is unusual and read")
  func unusual() throws {
    let headers = [
      "{'shape': (2L, 2), 'fortran_order': False, \"descr\": \"<f4\"}\n",
      " { 'descr':'=f4','fortran_order':False,'shape':(4,) , } ",
    ]
    for header in headers {
      let path = try folder.write(NumPyFile.array(header, data: [UInt8](repeating: 1, count: 16)), to: "a.npy")
      #expect(try Checkpoint.open(path).elementCount == 4)
    }
    // No elements, in Fortran order, with extents whose product overflows.
    let empty = "{'descr': '<f4', 'fortran_order': True, 'shape': (0, 4611686018427387904, 4611686018427387904)}"
    let path = try folder.write(NumPyFile.array(empty, data: []), to: "a.npy")
    #expect((try? Checkpoint.open(path))?.elementCount ?? 0 == 0)
  }

  @Test("says which version and length it cannot have")
  func fixed() throws {
    var array = NumPyFile.array("{}", data: [])
    array[6] = 4
    let path = try folder.write(array, to: "a.npy")
    #expect { try Checkpoint.open(path) } throws: {
      "\($0)" == "\(path): array has version 4.0, expected 1.0, 2.0 or 3.0"
    }
    array[6] = 2
    array.replaceSubrange(8..<12, with: [0, 0, 0, 0x7F])
    try folder.write(array, to: "a.npy")
    #expect { try Checkpoint.open(path) } throws: {
      "\($0)" == "\(path): header has 2,130,706,432 bytes, expected at most 65,536"
    }
  }

  static let files = ["v1.npy", "v2.npy", "packed.npz"]

  @Test("cut off at any byte is refused with one line", arguments: files)
  func truncation(name: String) throws {
    let whole = try LocalFile(Fixtures.path("numpy", name)).wholeContent(limit: 1 << 20)
    for count in 6..<whole.count where name.hasSuffix(".npy") || count % 13 == 0 || count > whole.count - 80 {
      let path = try folder.writeUnflushed(Array(whole.prefix(count)), to: name)
      #expect(throws: (any Error).self) { try Checkpoint.open(path) }
    }
  }

  @Test("of which bytes are wrong is refused, or opened and read, never a trap", arguments: files)
  func mutation(name: String) throws {
    let whole = try LocalFile(Fixtures.path("numpy", name)).wholeContent(limit: 1 << 20)
    var generator = SeededGenerator(seed: 4)
    for _ in 0..<400 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        damaged[Int.random(in: 0..<damaged.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
      }
      let path = try folder.writeUnflushed(damaged, to: name)
      guard let checkpoint = try? Checkpoint.open(path) else { continue }
      for tensor in checkpoint.tensors {
        guard let range = tensor.byteRange, range.byteCount < 1 << 20 else { continue }
        _ = try? checkpoint.files[range.fileIndex].bytes(at: range.offset, count: range.byteCount)
      }
    }
  }
}
