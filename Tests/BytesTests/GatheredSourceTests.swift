import Bytes
import TestSupport
import Testing

@Suite("A gathered source")
struct GatheredSourceTests {
  /// A source of `count` elements that are their own numbers.
  private func numbers(_ count: Int, size: Int) -> MemorySource {
    MemorySource(
      path: "m",
      (0..<count).flatMap { number in (0..<size).map { UInt8(truncatingIfNeeded: number >> (8 * $0) ^ ($0 * 7)) } })
  }

  /// The bytes of an array by its definition, element by element.
  private func expected(
    _ shape: [Int], _ size: Int, _ bytes: [UInt8], offset: Int, strides: [Int]
  ) -> [UInt8] {
    var result: [UInt8] = []
    for element in 0..<shape.reduce(1, *) {
      var rest = element, place = offset
      for (extent, stride) in zip(shape, strides).reversed() {
        place += rest % extent * stride
        rest /= extent
      }
      result += bytes[place..<place + size]
    }
    return result
  }

  @Test(
    "has a view's elements in order, from any byte to any other",
    arguments: [
      (shape: [5, 7], strides: [1, 5]), (shape: [5, 7], strides: [14, 2]), (shape: [3, 4, 5], strides: [1, 15, 3]),
      (shape: [2, 3, 4], strides: [12, 1, 3]), (shape: [4, 6], strides: [0, 1]), (shape: [4, 6], strides: [1, 0]),
      (shape: [], strides: []), (shape: [6], strides: [3]), (shape: [1, 9, 1], strides: [100, 4, 77]),
      (shape: [3, 3], strides: [1, 1]), (shape: [2, 2, 2, 2], strides: [1, 8, 2, 4]),
    ], [1, 2, 3, 4, 8])
  func views(view: (shape: [Int], strides: [Int]), size: Int) throws {
    let base = numbers(120, size: size), strides = view.strides.map { $0 * size }
    let shape = view.shape
    let part = GatheredSource.Part(
      start: shape.map { _ in 0 }, extents: shape, source: base, offset: 2 * size, strides: strides)
    let source = try #require(GatheredSource(path: "v", shape: shape, elementByteCount: size, parts: [part]))
    let whole = expected(shape, size, base.bytes, offset: 2 * size, strides: strides)
    #expect(source.byteCount == whole.count)
    #expect(source.storedFiles.map(\.path) == ["m"])
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<60 {
      let start = Int.random(in: 0...whole.count, using: &generator)
      let end = Int.random(in: start...whole.count, using: &generator)
      #expect(try source.bytes(at: start, count: end - start) == Array(whole[start..<end]))
    }
    #expect(try source.bytes(at: 0, count: whole.count) == whole)
  }

  @Test("joins the blocks of several sources")
  func blocks() throws {
    let left = numbers(12, size: 2), right = numbers(30, size: 2)
    let source = try #require(
      GatheredSource(
        path: "joined", shape: [4, 6], elementByteCount: 2,
        parts: [
          .init(start: [0, 0], extents: [4, 3], source: left, offset: 0, strides: [6, 2]),
          .init(start: [0, 3], extents: [4, 3], source: right, offset: 4, strides: [6, 2]),
        ]))
    var whole: [UInt8] = []
    for row in 0..<4 {
      whole += left.bytes[row * 6..<row * 6 + 6]
      whole += right.bytes[row * 6 + 4..<row * 6 + 10]
    }
    #expect(try source.bytes(at: 0, count: 48) == whole)
    for start in 0..<48 { #expect(try source.bytes(at: start, count: 48 - start) == Array(whole[start...])) }
    right.change()
    #expect(throws: FileError.self) { try source.requireUnchanged() }
  }

  @Test("reads a transposed view in runs as long as the stored rows allow")
  func runs() throws {
    let base = numbers(64, size: 4)
    let part = GatheredSource.Part(start: [0, 0], extents: [8, 8], source: base, offset: 0, strides: [4, 32])
    let source = try #require(GatheredSource(path: "v", shape: [8, 8], elementByteCount: 4, parts: [part]))
    _ = try source.bytes(at: 64, count: 128)
    #expect(base.readRanges == (0..<8).map { $0 * 32 + 8..<$0 * 32 + 24 })
  }

  @Test("is not made of parts that lie outside of the array or their source")
  func bounds() {
    let base = numbers(10, size: 2)
    func source(_ shape: [Int], _ part: GatheredSource.Part) -> GatheredSource? {
      GatheredSource(path: "v", shape: shape, elementByteCount: 2, parts: [part])
    }
    func part(_ start: [Int], _ extents: [Int], _ offset: Int, _ strides: [Int]) -> GatheredSource.Part {
      .init(start: start, extents: extents, source: base, offset: offset, strides: strides)
    }
    #expect(source([2, 5], part([0, 0], [2, 5], 0, [10, 2])) != nil)
    #expect(source([2, 5], part([0, 0], [2, 5], 2, [10, 2])) == nil)
    #expect(source([2, 5], part([1, 0], [2, 5], 0, [10, 2])) == nil)
    #expect(source([2, 5], part([0, 0], [2, 5], 0, [-2, 2])) == nil)
    #expect(source([2, 5], part([0], [2], 0, [2])) == nil)
    #expect(source([2, 5], part([0, 0], [2, 5], -2, [0, 0])) == nil)
    #expect(source([.max, 5], part([0, 0], [1, 1], 0, [0, 0])) == nil)
    #expect(source([4, 5], part([0, 0], [4, 5], 0, [.max / 2, 2])) == nil)
    #expect(source([4, 0], part([0, 0], [4, 0], 19, [.max, .max])) != nil)
  }

  @Test("refuses to read beyond its end")
  func end() throws {
    let part = GatheredSource.Part(start: [0], extents: [3], source: numbers(3, size: 1), offset: 0, strides: [1])
    let source = try #require(GatheredSource(path: "v", shape: [3], elementByteCount: 1, parts: [part]))
    #expect(throws: FileError.self) { try source.bytes(at: 2, count: 2) }
    var bytes: [UInt8] = []
    #expect(throws: FileError.self) { try source.read(at: 4, count: 1, into: &bytes) }
  }
}
