import Architectures
@testable import Inference
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The nonlinearities in float32 against their definitions in double precision.
@Suite("An activation")
struct ActivationTests {
  typealias Activation = ForwardPassFeatures.Activation

  static func definition(_ activation: Activation, _ x: Double) -> Double {
    switch activation {
    case .silu: x / (1 + exp(-x))
    case .gelu: x * 0.5 * erfc(-x / 2.0.squareRoot())
    case .geluTanh: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .relu: max(x, 0)
    case .tanh: tanh(x)
    case .reluSquared: max(x, 0) * max(x, 0)
    case .clampedSwiGLU: min(x, 7) / (1 + exp(-1.702 * min(x, 7)))
    }
  }

  @Test("is within a rounding of its definition", arguments: Activation.allCases)
  func accuracy(activation: Activation) {
    var worst = 0.0
    for step in -24_000...24_000 {
      let x = Float(step) * 0.000_511
      let y = activation.of(SIMD8(repeating: x))[5]
      let expected = Self.definition(activation, Double(x))
      worst = max(worst, (Double(y) - expected).magnitude / max(1, expected.magnitude))
    }
    #expect(worst < 4e-7)
  }

  @Test("has its limits at large inputs", arguments: Activation.allCases.filter { $0 != .tanh })
  func limits(activation: Activation) {
    let far = activation.of(SIMD8(-1e30, 1e30, -200, 200, 0, -90, 90, 1))
    #expect(far[0] == 0 && far[2].magnitude < 1e-30 && far[4] == 0 && far[5].magnitude < 1e-30)
    let (huge, large): (Float, Float) =
      switch activation {
      case .reluSquared: (.infinity, 40_000)
      case .clampedSwiGLU: (far[1], far[1])
      default: (1e30, 200)
      }
    #expect(far[1] == huge && far[3] == large)
    #expect(activation != .clampedSwiGLU || (far[1] - 7).magnitude < 1e-4)
  }

  @Test("clamps what a clamped gate multiplies, and adds 1")
  func factor() throws {
    let values: [Float] = [-1e30, -7.5, -7, -0.25, 0, 3, 7, 9, 1e30]
    #expect(values.map(Activation.clampedSwiGLU.factor) == [-6, -6, -6, 0.75, 1, 4, 8, 8, 8])
    #expect(values.map(Activation.silu.factor) == values)
    let up = try #require(Matrix(rowCount: 1, columnCount: values.count, values: values))
    var gate = up
    for index in values.indices { gate.values[index] = Float(index) - 4 }
    let gated = gate.gating(up, by: .clampedSwiGLU)
    for (index, value) in gated.values.enumerated() {
      let expected =
        Self.definition(.clampedSwiGLU, Double(gate.values[index])) * (min(max(Double(values[index]), -7), 7) + 1)
      #expect((Double(value) - expected).magnitude < 1e-5)
    }
  }

  @Test("is bounded, of tanh")
  func bounds() {
    let far = Activation.tanh.of(SIMD8(-1e30, 1e30, -200, 200, 0, -90, 90, 1))
    #expect(far[0] == -1 && far[1] == 1 && far[2] == -1 && far[3] == 1 && far[4] == 0 && far[5] == -1 && far[6] == 1)
  }

  @Test("covers a matrix with an odd count")
  func oddCount() throws {
    let x = try #require(Matrix(rowCount: 1, columnCount: 11, values: (0..<11).map { Float($0) - 5 }))
    let y = x.activated(by: .gelu)
    for (index, value) in x.values.enumerated() {
      #expect((Double(y.values[index]) - Self.definition(.gelu, Double(value))).magnitude < 1e-6)
    }
  }

  @Test("has a hyperbolic tangent within 2 ULP")
  func hyperbolicTangent() {
    var worst = 0.0
    for step in -20_000...20_000 {
      let x = Float(step) * 0.000_51
      let expected = tanh(Double(x))
      let y = HyperbolicTangent.of(SIMD8(repeating: x))[0]
      worst = max(worst, (Double(y) - expected).magnitude / Double(Float(expected).ulp))
    }
    #expect(worst <= 2)
    let far = HyperbolicTangent.of(SIMD8(-.infinity, .infinity, -30, 30, 0, 1e-20, -1e-20, .nan))
    #expect(far[0] == -1 && far[1] == 1 && far[2] == -1 && far[3] == 1 && far[4] == 0)
    #expect(far[5] == 1e-20 && far[6] == -1e-20 && far[7].isNaN)
  }
}
