/// Chooses one of several sizes for each of several items, so that costs are least under a limit of their bytes: a
/// multiple-choice knapsack problem.
///
/// Along the lower convex hull of an item's choices, each byte more buys less than the byte before. Steps along all hulls,
/// taken by what they buy for a byte, give the best choice of all whose size they pass through. The bytes that are left
/// when the next step does not fit go to single changes and then to exchanges, one item finer and another coarser, as long
/// as any lowers the cost. `lowerBound` says how little is left to gain: it is what part of a step would buy.
/// Ties go to the item that comes first, so the result depends on sizes and costs alone.
struct FormatKnapsack {
  /// One way to store an item.
  struct Choice: Sendable {
    let byteCount: Int
    let cost: Double
  }

  /// The chosen index of each item's choices.
  private(set) var picks: [Int] = []
  /// The cost that no choice under the limit can be below.
  private(set) var lowerBound = 0.0

  private let items: [[Choice]]
  private var slack: Int

  /// The bytes of the smallest choices.
  static func minimumByteCount(_ items: [[Choice]]) -> Int {
    items.reduce(0) { $0 + ($1.map(\.byteCount).min() ?? 0) }
  }

  /// Chooses for `items`, each of at least one choice, whose smallest together have at most `limit` bytes.
  init(_ items: [[Choice]], limit: Int) {
    self.items = items
    slack = limit
    let hulls = items.map(Self.hull)
    picks = hulls.map { $0.first ?? 0 }
    slack -= byteCount
    climb(hulls)
    while improveByChange() || improveByExchange() {}
  }

  /// The bytes of the choices.
  var byteCount: Int { zip(items, picks).reduce(0) { $0 + $1.0[$1.1].byteCount } }
  /// Its cost.
  var cost: Double { zip(items, picks).reduce(0) { $0 + $1.0[$1.1].cost } }

  /// The indices of the choices on the lower convex hull, from the smallest on.
  static func hull(_ choices: [Choice]) -> [Int] {
    let order = choices.indices.sorted {
      (choices[$0].byteCount, choices[$0].cost, $0) < (choices[$1].byteCount, choices[$1].cost, $1)
    }
    var hull: [Int] = []
    for index in order {
      if let last = hull.last, choices[index].cost >= choices[last].cost { continue }
      while hull.count >= 2,
        gain(choices[hull[hull.count - 2]], choices[hull[hull.count - 1]])
          <= gain(choices[hull[hull.count - 1]], choices[index])
      {
        hull.removeLast()
      }
      hull.append(index)
    }
    return hull
  }

  /// The gain of a byte between two choices.
  private static func gain(_ smaller: Choice, _ larger: Choice) -> Double {
    (smaller.cost - larger.cost) / Double(larger.byteCount - smaller.byteCount)
  }

  private mutating func climb(_ hulls: [[Int]]) {
    var steps: [(gain: Double, item: Int, rank: Int)] = []
    for (item, hull) in hulls.enumerated() {
      for rank in hull.indices.dropFirst() {
        steps.append((Self.gain(items[item][hull[rank - 1]], items[item][hull[rank]]), item, rank))
      }
    }
    steps.sort { ($1.gain, $0.item, $0.rank) < ($0.gain, $1.item, $1.rank) }
    var isBlocked = [Bool](repeating: false, count: items.count)
    var isBounded = false
    lowerBound = cost
    for step in steps where !isBlocked[step.item] {
      let hull = hulls[step.item]
      let from = items[step.item][hull[step.rank - 1]], to = items[step.item][hull[step.rank]]
      let byteCount = to.byteCount - from.byteCount
      if !isBounded {
        let instance = byteCount <= slack ? 1 : Double(slack) / Double(byteCount)
        lowerBound -= instance * (from.cost - to.cost)
        isBounded = byteCount > slack
      }
      guard byteCount <= slack else {
        isBlocked[step.item] = true
        continue
      }
      picks[step.item] = hull[step.rank]
      slack -= byteCount
    }
  }

  private func change(_ item: Int, to index: Int) -> (byteCount: Int, saving: Double) {
    let now = items[item][picks[item]], then = items[item][index]
    return (then.byteCount - now.byteCount, now.cost - then.cost)
  }

  private mutating func apply(_ item: Int, _ index: Int) {
    slack -= change(item, to: index).byteCount
    picks[item] = index
  }

  /// Makes the change of one item that saves most and fits; false if there is none.
  private mutating func improveByChange() -> Bool {
    var best: (saving: Double, item: Int, index: Int)?
    for item in items.indices {
      for index in items[item].indices {
        let change = change(item, to: index)
        if change.byteCount <= slack, change.saving > best?.saving ?? 0 { best = (change.saving, item, index) }
      }
    }
    guard let best else { return false }
    apply(best.item, best.index)
    return true
  }

  /// Makes one item finer and another coarser where that saves most; false if no exchange saves anything.
  private mutating func improveByExchange() -> Bool {
    // Coarser choices by the bytes they free, the most first, and for each beginning of the list the two least losses of
    // different items.
    typealias Release = (freed: Int, loss: Double, item: Int, index: Int)
    var releases: [Release] = []
    for item in items.indices {
      for index in items[item].indices {
        let change = change(item, to: index)
        if change.byteCount < 0 { releases.append((-change.byteCount, -change.saving, item, index)) }
      }
    }
    releases.sort { ($1.freed, $0.loss, $0.item, $0.index) < ($0.freed, $1.loss, $1.item, $1.index) }
    var least: [(first: Int, second: Int?)] = []
    for (place, release) in releases.enumerated() {
      guard var pair = least.last else {
        least.append((place, nil))
        continue
      }
      if release.loss < releases[pair.first].loss {
        if release.item != releases[pair.first].item { pair.second = pair.first }
        pair.first = place
      } else if release.item != releases[pair.first].item,
        release.loss < pair.second.map({ releases[$0].loss }) ?? .infinity
      {
        pair.second = place
      }
      least.append(pair)
    }
    let freed = releases.map(\.freed)
    var best: (saving: Double, item: Int, index: Int, release: Release)?
    for item in items.indices {
      for index in items[item].indices {
        let change = change(item, to: index)
        guard change.saving > best?.saving ?? 0, change.byteCount > slack else { continue }
        let count = Self.count(freed, atLeast: change.byteCount - slack)
        guard count > 0 else { continue }
        let pair = least[count - 1]
        let place = releases[pair.first].item == item ? pair.second : pair.first
        guard let place else { continue }
        let saving = change.saving - releases[place].loss
        if saving > best?.saving ?? 0, saving > 1e-12 * change.saving { best = (saving, item, index, releases[place]) }
      }
    }
    guard let best else { return false }
    apply(best.release.item, best.release.index)
    apply(best.item, best.index)
    return true
  }

  /// The number of `sizes`, the greatest first, that are at least `bound`.
  private static func count(_ sizes: [Int], atLeast bound: Int) -> Int {
    var low = 0, high = sizes.count
    while low < high {
      let middle = (low + high) / 2
      if sizes[middle] >= bound { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
