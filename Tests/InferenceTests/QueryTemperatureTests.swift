import Architectures
import Foundation
import Testing

@testable import Inference

@Suite("The temperature of queries")
struct QueryTemperatureTests {
  @Test("grows by the logarithm of whole intervals", arguments: [(0.1, 8), (0.5, 1), (2.0, 3)])
  func formula(scale: Double, interval: Int) {
    let temperature = Hyperparameters.QueryTemperature(scale: scale, interval: interval)
    for position in [0, 1, 2, 7, 8, 9, 15, 16, 1000, 1 << 20] {
      let expected = 1 + scale * log(1 + (Double(position) / Double(interval)).rounded(.down))
      #expect(abs(temperature.factor(at: position) - expected) <= 1e-14 * expected)
    }
    #expect(temperature.factor(at: interval - 1) == 1)
  }

  @Test("multiplies every value of a row")
  func rows() {
    var matrix = Matrix(rowCount: 3, columnCount: 2)
    matrix.values = [1, 2, 3, 4, 5, 6]
    matrix.multiply { Float($0 + 1) }
    #expect(matrix.values == [1, 2, 6, 8, 15, 18])
  }
}
