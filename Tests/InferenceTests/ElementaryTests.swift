@testable import Inference
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The functions in double precision against the system's, which are within a unit in the last place of the truth.
@Suite struct ElementaryTests {
  @Test(arguments: [1.0, 37, 1000, 131_072, 1e6, 1e7])
  func sineAndCosineOfAngles(scale: Double) {
    for step in -2000...2000 {
      let angle = Double(Float(scale * Double(step) / 1999.7))
      #expect((Elementary.sine(angle) - sin(angle)).magnitude <= 4e-16)
      #expect((Elementary.cosine(angle) - cos(angle)).magnitude <= 4e-16)
    }
  }

  @Test func exponential() {
    for step in -7000...7000 {
      let x = Double(step) * 0.1013
      let expected = exp(x)
      #expect((Elementary.exponential(x) - expected).magnitude <= 4 * expected.ulp, "\(x)")
    }
    #expect(Elementary.exponential(0) == 1)
    #expect(Elementary.exponential(-.infinity) == 0 && Elementary.exponential(-800) == 0)
    #expect(Elementary.exponential(.infinity) == .infinity && Elementary.exponential(.nan).isNaN)
  }

  @Test func naturalLogarithm() {
    for step in 1...8000 {
      let x = Double(step) * 0.000_37 + (step % 3 == 0 ? Double(step) * 1e7 : 0)
      #expect((Elementary.naturalLogarithm(x) - log(x)).magnitude <= 4 * max(log(x).magnitude, 0.01).ulp, "\(x)")
    }
    #expect(Elementary.naturalLogarithm(1) == 0 && Elementary.naturalLogarithm(0) == -.infinity)
    #expect(Elementary.naturalLogarithm(-1).isNaN && Elementary.naturalLogarithm(.infinity) == .infinity)
    #expect((Elementary.naturalLogarithm(.leastNonzeroMagnitude) + 744.440_071_921_381_3).magnitude < 1e-12)
  }

  /// Tables hold powers rounded to float32, in which the error of the last bits is seldom seen.
  @Test func powersOfRotaryBases() {
    for base in [2.0, 1e4, 5e5, 1e6, 1e7] {
      for step in 0..<1000 {
        let exponent = Double(Float(step) / 1000)
        let expected = pow(base, exponent)
        #expect((Elementary.power(base, exponent) / expected - 1).magnitude < 5e-15)
      }
    }
  }
}
