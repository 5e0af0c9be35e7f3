import TestSupport

/// Rows of 2,048 elements that are hard on an encoder, by name.
enum AwkwardBlocks {
  static let all: [(String, [Float])] = scaled + signed + ties

  private static let normals: [Float] = {
    var generator = SeededGenerator(seed: 11)
    return generator.normals(2048)
  }()

  private static let scaled: [(String, [Float])] = [
    ("normal", 1), ("small", 1e-3), ("scales that are subnormal halves", 1e-6),
    ("scales that vanish in halves", 1e-12), ("subnormal floats", 0x1p-130),
    ("scales whose inverse overflows", 0x1p-137),
    ("scales that overflow halves", 1e7),
  ].map { (name: String, factor: Float) in (name, normals.map { $0 * factor }) }

  private static let signed: [(String, [Float])] = [
    ("ranges that overflow floats", by { $0 < 0 ? -3e38 : 3e38 }),
    ("zeros", by { _ in 0 }),
    ("negative zeros", by { _ in -0.0 }),
    ("zeros of both signs", by { $0 < 0 ? -0.0 : 0 }),
    ("zeros and positive numbers", by { $0 < 0 ? -0.0 : $0 < 0.5 ? 0 : $0 }),
    ("zeros and negative numbers", by { $0 < 0 ? $0 : $0 < 0.5 ? -0.0 : 0 }),
    ("constant", by { _ in -0.37 }),
    ("extremes of both signs", by { $0 < 0 ? -1 : 1 }),
    ("multiples of a half", by { ($0 * 40).rounded() / 2 }),
    ("rare numbers among zeros", row { $0 % 173 == 7 ? Float($0) : 0 }),
    (
      "sub-blocks of very different scale",
      row { normals[$0] * ($0 / 16 % 3 == 0 ? 1e-9 : $0 / 32 % 2 == 0 ? 1 : 1e-4) }
    ),
    ("one huge outlier in each row of 1,024", row { $0 % 1024 == 99 ? 1e30 : normals[$0] }),
    ("far from zero", by { $0 + 3000 }),
    ("far below zero", by { $0 * 0.01 - 3e6 }),
    ("just below powers of two", row { $0 % 32 == 3 ? Float(1 << ($0 / 64)).nextDown : normals[$0] * 0.1 }),
  ]

  private static let ties: [(String, [Float])] = [
    ("ties of 127 steps", row { $0 % 32 == 5 ? 127 : Float(($0 * 37) % 255 - 127) / 2 }),
    ("neighbors of ties", row { $0 % 32 == 5 ? 127 : (Float(($0 * 37) % 127) + 0.5).nextDown }),
    ("ties of 16 steps", row { $0 % 32 == 9 ? -16 : Float(($0 * 7) % 63 - 31) / 2 }),
    ("ties of 15 steps above a minimum", row { $0 % 32 == 9 ? -4 : $0 % 32 == 8 ? 11 : Float(($0 * 7) % 29) / 2 - 3 }),
  ]

  private static func by(_ transform: (Float) -> Float) -> [Float] { normals.map(transform) }

  private static func row(_ value: (Int) -> Float) -> [Float] { (0..<2048).map(value) }
}
