@testable import Inference
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@Suite("The exponential")
struct ExponentialTests {
  @Test("has an error below 1 ULP")
  func accuracy() {
    var worst = 0.0
    for step in 0..<40_000 {
      let x = Float(step) * 0.0043 - 87.3
      let expected = exp(Double(x))
      worst = max(worst, (Double(Exponential.of(x)) - expected).magnitude / Double(Float(expected).ulp))
    }
    #expect(worst < 1)
  }

  @Test("rounds small results once")
  func smallResults() {
    for x: Float in [-87.5, -90, -95, -100, -103, -103.9] {
      let expected = exp(Double(x))
      #expect(
        (Double(Exponential.of(x)) - expected).magnitude <= 0.51 * Double(Float.leastNonzeroMagnitude) + expected * 2e-7
      )
    }
  }

  @Test("ends in 0, 1 and infinity")
  func ends() {
    #expect(Exponential.of(0) == 1)
    #expect(Exponential.of(-.infinity) == 0)
    #expect(Exponential.of(-1e30) == 0)
    #expect(Exponential.of(.infinity) == .infinity)
    #expect(Exponential.of(88.73) == .infinity)
    #expect(Exponential.of(88.72).isFinite)
    #expect(Exponential.of(.nan).isNaN)
  }

  @Test("is equal in lanes and for single values")
  func lanes() {
    let vector = SIMD8<Float>(-80, -3.5, -0.1, 0, 0.2, 1, 30, 88)
    let powers = Exponential.of(vector)
    for lane in 0..<8 { #expect(powers[lane] == Exponential.of(vector[lane])) }
  }
}
