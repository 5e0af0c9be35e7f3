import Inference
import Testing

@Suite("A NumPy file")
struct NumPyFileTests {
  @Test("has the header of NumPy")
  func header() {
    // python3 -c "import io, numpy; f = io.BytesIO(); numpy.save(f, numpy.zeros((24, 512), 'f4')); print(f.getvalue()[:128])"
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (24, 512), }"
    let expected =
      [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(text.utf8)
      + [UInt8](repeating: 0x20, count: 117 - text.utf8.count) + [0x0A]
    #expect(NumPyFile.header(shape: [24, 512]) == expected)
    #expect(NumPyFile.header(shape: [24, 512]).count == 128)
  }

  @Test("is equal when read back", arguments: [[], [3], [2, 3], [0, 4], [2, 1, 3]])
  func roundTrip(shape: [Int]) {
    let file = NumPyFile(shape: shape, values: (0..<shape.reduce(1, *)).map { Float($0) - 1.5 })
    #expect(NumPyFile(file.bytes) == file)
    #expect((file.bytes.count - file.values.count * 4) % 64 == 0)
  }

  @Test("is refused if truncated at any byte")
  func truncation() {
    let bytes = NumPyFile(shape: [2, 2], values: [1, 2, 3, 4]).bytes
    for count in 0..<bytes.count { #expect(NumPyFile(Array(bytes.prefix(count))) == nil) }
    #expect(NumPyFile(bytes + [0, 0, 0, 0]) == nil)
  }
}
