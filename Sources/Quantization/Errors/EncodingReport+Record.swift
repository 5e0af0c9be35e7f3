import Bytes

// A record has the exact figures of a report, from which another run goes on summing: sums are the bits of doubles as 16
// hexadecimal digits. Counts of zero, and indices that are absent, are left out.

extension EncodingReport {
  /// The exact figures.
  public var record: JSON {
    var members: JSON.Object = [
      "elements": .integer(elementCount), "changed": .integer(changedCount),
      "maximum": .bits(maximumAbsoluteError), "squared_error": .bits(sumSquaredError),
      "squared_value": .bits(sumSquaredValue), "squared_stored": .bits(sumSquaredStored),
    ]
    for (key, count, first) in [
      ("overflows", overflowCount, firstOverflowIndex), ("nonfinite", nonfiniteCount, firstNonfiniteIndex),
    ] where count > 0 {
      members[ExactString(key)] = .integer(count)
      members[ExactString("first_" + key)] = first.map { .integer($0) }
    }
    if let histogram { members["histogram"] = histogram.record }
    return .object(members)
  }

  /// The report that has this record; nil if it is none, or its counts are not of at most `limit` elements.
  public init?(record: JSON, limit: Int) {
    guard let elements = record["elements"]?.integer, (0...max(0, limit)).contains(elements) else { return nil }
    func count(_ key: String) -> Int? {
      guard let member = record[key] else { return 0 }
      return member.integer.flatMap { (0...elements).contains($0) ? $0 : nil }
    }
    guard let changed = count("changed"), let overflows = count("overflows"), let nonfinite = count("nonfinite"),
      let firstOverflow = count("first_overflows"), let firstNonfinite = count("first_nonfinite"),
      let maximum = record["maximum"]?.double, let squaredError = record["squared_error"]?.double,
      let squaredValue = record["squared_value"]?.double, let squaredStored = record["squared_stored"]?.double
    else { return nil }
    self.init()
    elementCount = elements
    changedCount = changed
    (overflowCount, nonfiniteCount) = (overflows, nonfinite)
    firstOverflowIndex = record["first_overflows"] == nil ? nil : firstOverflow
    firstNonfiniteIndex = record["first_nonfinite"] == nil ? nil : firstNonfinite
    maximumAbsoluteError = maximum
    (sumSquaredError, sumSquaredValue, sumSquaredStored) = (squaredError, squaredValue, squaredStored)
    guard let member = record["histogram"] else { return }
    guard let errors = ErrorHistogram(record: member, limit: elements) else { return nil }
    histogram = errors
  }
}

extension JSON {
  /// The bits of a double as hexadecimal digits.
  fileprivate static func bits(_ value: Double) -> JSON { .string(value.bitPattern.hexadecimal) }

  /// The double that has these bits.
  fileprivate var double: Double? {
    guard let string, string.utf8.count == 16 else { return nil }
    return UInt64(string, radix: 16).map(Double.init(bitPattern:))
  }
}
