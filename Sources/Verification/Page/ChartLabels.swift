/// The sides on which names of dots are written, so that few of them overlap, also on a phone.
struct ChartLabels {
  private struct Box {
    let left: Double, right: Double, bottom: Double, top: Double

    func overlaps(_ other: Box) -> Bool {
      left < other.right && other.left < right && bottom < other.top && other.bottom < top
    }
  }

  private let plot: Plot
  private var taken: [Box] = []

  /// The plot of a phone in pixels, and the size of a character.
  private static let width = 300.0, height = 220.0, characterWidth = 7.0, lineHeight = 15.0, dotSize = 12.0

  init(_ plot: Plot) { self.plot = plot }

  private func position(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    (plot.x.fraction(x) * Self.width, plot.y.fraction(y) * Self.height)
  }

  /// Keeps the place of a dot free.
  mutating func add(dotAt x: Double, _ y: Double) {
    let at = position(x, y), half = Self.dotSize / 2
    taken.append(Box(left: at.x - half, right: at.x + half, bottom: at.y - half, top: at.y + half))
  }

  /// Returns the first side on which the name overlaps nothing, and keeps its place.
  mutating func side(of name: String, at x: Double, _ y: Double) -> Plot.Side {
    let place = position(x, y)
    var chosen: (side: Plot.Side, box: Box)?
    for side in Plot.Side.allCases {
      let box = box(name, side, place)
      guard box.left >= -20, box.right <= Self.width + 10 else { continue }
      if chosen == nil { chosen = (side, box) }
      if !taken.contains(where: { $0.overlaps(box) }) {
        chosen = (side, box)
        break
      }
    }
    guard let chosen else { return .left }
    taken.append(chosen.box)
    return chosen.side
  }

  private func box(_ name: String, _ side: Plot.Side, _ at: (x: Double, y: Double)) -> Box {
    let width = Double(name.count) * Self.characterWidth, gap = Self.dotSize / 2 + 3
    let middle = Self.lineHeight / 2
    switch side {
    case .right: return Box(left: at.x + gap, right: at.x + gap + width, bottom: at.y - middle, top: at.y + middle)
    case .left: return Box(left: at.x - gap - width, right: at.x - gap, bottom: at.y - middle, top: at.y + middle)
    case .above:
      return Box(
        left: at.x - width / 2, right: at.x + width / 2, bottom: at.y + gap, top: at.y + gap + Self.lineHeight)
    case .below:
      return Box(
        left: at.x - width / 2, right: at.x + width / 2, bottom: at.y - gap - Self.lineHeight, top: at.y - gap)
    }
  }

  /// The names without what all of them begin and end with: `Q4_K_M` for `model-Q4_K_M.gguf`.
  static func shortened(_ names: [String]) -> [String] {
    guard names.count > 1, let first = names.first else { return names }
    let separators: Set<Character> = ["-", ".", "/"]
    func shared(_ names: [[Character]]) -> Int {
      var count = 0, end = 0
      while let character = names[0].count > count ? names[0][count] : nil,
        names.allSatisfy({ $0.count > count && $0[count] == character })
      {
        count += 1
        if separators.contains(character) { end = count }
      }
      return end
    }
    let characters = names.map(Array.init)
    let head = shared(characters), tail = shared(characters.map { Array($0.reversed()) })
    guard characters.allSatisfy({ $0.count > head + tail }), !first.isEmpty else { return names }
    return characters.map { String($0[head..<$0.count - tail]) }
  }
}
