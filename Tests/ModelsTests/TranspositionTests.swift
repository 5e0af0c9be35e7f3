import Testing

@testable import Models

@Suite("Transposition")
struct TranspositionTests {
  static let sizes: [(rowCount: Int, columnCount: Int)] = [
    (1, 1), (3, 5), (4, 8), (32, 32), (33, 72), (71, 40), (64, 67),
  ]

  /// Tiles that are whole are turned several elements at a time, their rests one by one.
  @Test("turns every element", arguments: sizes, [1, 2, 4, 8])
  func everyElement(size: (rowCount: Int, columnCount: Int), width: Int) {
    let (rowCount, columnCount) = size
    let matrix = (0..<rowCount * columnCount * width).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ $0 / 256) }
    let start = 24
    var transposed = [UInt8](repeating: 0xEE, count: start + matrix.count + 5)
    Transposition.transpose(
      matrix, rowCount: rowCount, columnCount: columnCount, elementByteCount: width, into: &transposed, at: start)
    var expected = [UInt8](repeating: 0xEE, count: start)
    for column in 0..<columnCount {
      for row in 0..<rowCount {
        let first = (row * columnCount + column) * width
        expected += matrix[first..<first + width]
      }
    }
    #expect(transposed == expected + [UInt8](repeating: 0xEE, count: 5))
  }
}
