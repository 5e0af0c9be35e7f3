import Tensors
import Testing

@Suite("A storage format")
struct StorageFormatTests {
  @Test("is found again from its ggml id")
  func ggmlIDs() {
    for format in StorageFormat.allCases {
      if let id = format.facts.ggmlType { #expect(StorageFormat(ggmlType: id) == format) }
    }
    #expect(StorageFormat(ggmlType: 4) == nil)
    #expect(StorageFormat(ggmlType: 43) == nil)
  }

  @Test("counts bytes in whole blocks")
  func byteCounts() {
    #expect(StorageFormat.q4_K.byteCount(elementCount: 512) == 288)
    #expect(StorageFormat.q4_K.byteCount(elementCount: 500) == nil)
    #expect(StorageFormat.f6_e2m3.byteCount(elementCount: 8) == 6)
    #expect(StorageFormat.f32.byteCount(elementCount: .max) == nil)
  }
}
