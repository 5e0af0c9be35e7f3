import Architectures
@testable import Inference
import Testing

@Suite("A relative position bias")
struct RelativeBiasTests {
  /// A row of transformers' `T5Attention._relative_position_bucket`: the first distance of each bucket.
  struct Borders: Sendable {
    let count: Int, limit: Int
    let starts: [Int]
  }

  /// Of the published sizes (one side of 32 buckets, and 32 on one side, up to 128) and of others.
  static let borders: [Borders] = [
    Borders(count: 16, limit: 128, starts: [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91]),
    Borders(
      count: 32, limit: 128,
      starts: [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87,
        99, 113,
      ]),
    Borders(count: 4, limit: 16, starts: [0, 1, 2, 6]),
    Borders(count: 5, limit: 128, starts: [0, 1, 2, 8, 32]),
    Borders(count: 8, limit: 1000, starts: [0, 1, 2, 3, 4, 16, 64, 252]),
    Borders(count: 10, limit: 37, starts: [0, 1, 2, 3, 4, 5, 8, 12, 17, 25]),
    Borders(count: 3, limit: 7, starts: [0, 1, 3]),
  ]

  @Test("has the buckets of transformers", arguments: borders)
  func buckets(borders: Borders) {
    var starts: [Int: Int] = [:]
    for distance in 0..<2000 {
      let bucket = RelativeBias.bucket(ofDistance: distance, count: borders.count, limit: borders.limit)
      if starts[bucket] == nil { starts[bucket] = distance }
    }
    // A bucket that no distance falls into has none.
    #expect((0..<borders.count).map { starts[$0] ?? -1 } == borders.starts)
  }

  /// Buckets of one side are 0 and 1, then those behind the query 2 and 3; the head's number is the bucket's, times ten.
  @Test("has buckets for both sides of a query")
  func bothSides() {
    let bias = RelativeBias(
      table: [0, 10, 20, 30], .init(bucketCount: 4, distanceLimit: 8), headCount: 1, positionCount: 3,
      seesBothSides: true)
    let middle = bias.biases(head: 0, query: 1, firstKey: 0)
    #expect([middle[0], middle[1], middle[2]] == [10, 0, 30])
  }

  @Test("has a column for each head")
  func columns() {
    let bias = RelativeBias(
      table: [0, 1, 10, 11, 20, 21, 30, 31], .init(bucketCount: 4, distanceLimit: 8), headCount: 2, positionCount: 20,
      seesBothSides: false)
    let last = bias.biases(head: 1, query: 19, firstKey: 16)
    #expect([last[0], last[1], last[2], last[3]] == [21, 21, 11, 1])
    let first = bias.biases(head: 0, query: 17, firstKey: 0)
    #expect(first[0] == 30 && first[15] == 20)
  }
}
