import Models
import TestSupport
import Testing

@Suite("Statistics of a tensor")
struct TensorStatisticsTests {
  @Test("count NaN and infinity separately")
  func oddValues() {
    let statistics = TensorStatistics([1, .nan, -0.0, .infinity, 0, -3, -.infinity, .nan])
    #expect(statistics.finiteCount == 4)
    #expect(statistics.nanCount == 2)
    #expect(statistics.infiniteCount == 2)
    #expect(statistics.zeroCount == 2)
    #expect(statistics.minimum == -3)
    #expect(statistics.maximum == 1)
    #expect(statistics.mean == -0.5)
    #expect(statistics.deviation == 1.5)
    #expect(statistics.zeroShare == 0.25)
  }

  @Test("of nothing are zero and not NaN")
  func empty() {
    let statistics = TensorStatistics([])
    #expect(statistics.mean == 0)
    #expect(statistics.deviation == 0)
    #expect(statistics.zeroShare == 0)
  }

  @Test("of two merged ranges are those of the whole, to rounding")
  func merging() {
    var generator = SeededGenerator(seed: 1)
    let values = generator.normals(10_000).map { $0 * 0.01 + 100 }
    let whole = TensorStatistics(values)
    var merged = TensorStatistics()
    for start in stride(from: 0, to: values.count, by: 768) {
      merged.append(TensorStatistics(Array(values[start..<min(start + 768, values.count)])))
    }
    #expect(merged.finiteCount == whole.finiteCount)
    #expect(merged.minimum == whole.minimum)
    #expect(merged.maximum == whole.maximum)
    #expect(abs(merged.mean - whole.mean) < 1e-10)
    #expect(abs(merged.deviation - whole.deviation) < 1e-10)
  }
}
