@testable import Inference
import Tensors
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The functions in double precision against the system's, which are within a unit in the last place of the truth.
@Suite("Deterministic math")
struct DeterministicMathTests {
  @Test("gives sine and cosine", arguments: [1.0, 37, 1000, 131_072, 1e6, 1e7])
  func sineAndCosine(scale: Double) {
    for step in -2000...2000 {
      let angle = Double(Float(scale * Double(step) / 1999.7))
      #expect((DeterministicMath.sine(angle) - sin(angle)).magnitude <= 4e-16)
      #expect((DeterministicMath.cosine(angle) - cos(angle)).magnitude <= 4e-16)
    }
  }

  @Test("gives the exponential")
  func exponential() {
    for step in -7000...7000 {
      let x = Double(step) * 0.1013
      let expected = exp(x)
      #expect((DeterministicMath.exponential(x) - expected).magnitude <= 4 * expected.ulp, "\(x)")
    }
    #expect(DeterministicMath.exponential(0) == 1)
    #expect(DeterministicMath.exponential(-.infinity) == 0 && DeterministicMath.exponential(-800) == 0)
    #expect(DeterministicMath.exponential(.infinity) == .infinity && DeterministicMath.exponential(.nan).isNaN)
  }

  @Test("gives the natural logarithm")
  func naturalLogarithm() {
    for step in 1...8000 {
      let x = Double(step) * 0.000_37 + (step % 3 == 0 ? Double(step) * 1e7 : 0)
      #expect((DeterministicMath.naturalLogarithm(x) - log(x)).magnitude <= 4 * max(log(x).magnitude, 0.01).ulp, "\(x)")
    }
    #expect(DeterministicMath.naturalLogarithm(1) == 0 && DeterministicMath.naturalLogarithm(0) == -.infinity)
    #expect(DeterministicMath.naturalLogarithm(-1).isNaN && DeterministicMath.naturalLogarithm(.infinity) == .infinity)
    #expect((DeterministicMath.naturalLogarithm(.leastNonzeroMagnitude) + 744.440_071_921_381_3).magnitude < 1e-12)
  }

  /// Tables hold powers rounded to float32, in which the error of the last bits is seldom seen.
  @Test("gives powers of RoPE bases")
  func powers() {
    for base in [2.0, 1e4, 5e5, 1e6, 1e7] {
      for step in 0..<1000 {
        let exponent = Double(Float(step) / 1000)
        let expected = pow(base, exponent)
        #expect((DeterministicMath.power(base, exponent) / expected - 1).magnitude < 5e-15)
      }
    }
  }
}
