/// A min-heap.
struct MinimumHeap<Element: Comparable> {
  private var values: [Element] = []

  mutating func push(_ value: Element) {
    values.append(value)
    var child = values.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard values[child] < values[parent] else { return }
      values.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> Element? {
    guard let first = values.first, let last = values.popLast() else { return nil }
    guard !values.isEmpty else { return first }
    values[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < values.count && values[child] < values[least] {
        least = child
      }
      guard least != parent else { return first }
      values.swapAt(least, parent)
      parent = least
    }
  }
}
