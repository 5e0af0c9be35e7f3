import Bytes
import Models
import Tensors

// Estimates for the distribution of work. Speeds are those of one core with the portable build (docs/benchmarks.md); a
// scheduler needs their ratios more than their values.

/// What a part takes.
struct PartEstimate {
  /// Memory of the program apart from slabs: code, definitions, headers.
  private static let baseByteCount = 64 << 20
  /// Bytes of a slab's element while it is encoded: as stored, decoded with its remainder, and encoded.
  private static let elementByteCount = 4 + 8 + 4

  /// The bytes of the process with one thread, and those of each further thread.
  let memoryByteCount: Int, threadByteCount: Int
  let coreSeconds: Double

  /// - Parameter headerByteCount: the bytes of headers and side files, which every worker has in memory.
  init(_ jobs: [Job], of plan: ConversionPlan, headerByteCount: Int) {
    var seconds = 0.0, largest = 0
    for job in jobs {
      switch job.work {
      case .copy(let range): seconds += Double(range.byteCount) / Self.copiedBytesPerSecond
      case .slab(let slab):
        let tensor = plan.files[job.fileIndex].tensors[slab.tensorIndex]
        seconds += tensor.estimatedSeconds(byteCount: slab.byteCount, rows: slab.rows)
        largest = max(largest, tensor.elementCount(rows: slab.rows) * Self.elementByteCount)
      }
    }
    // Headers are held as text and as values.
    memoryByteCount = Self.baseByteCount + 4 * headerByteCount + largest
    threadByteCount = largest
    coreSeconds = seconds
  }

  /// Bytes that are copied and digested.
  fileprivate static let copiedBytesPerSecond = 1e9
}

extension PlannedTensor {
  /// The elements of `rows`.
  fileprivate func elementCount(rows: Range<Int>) -> Int {
    guard case .rows(let reader) = source else { return shape.elementCount }
    return rows.count * reader.geometry.rowElementCount
  }

  /// The time of one core for rows that become `byteCount` bytes.
  func estimatedSeconds(byteCount: Int, rows: Range<Int>) -> Double {
    let copying = Double(byteCount) / PartEstimate.copiedBytesPerSecond
    guard !isCopy, case .rows(let reader) = source, reader.rows.format != format else { return copying }
    let speed = format.encodingSpeed(isWeighted: importance != nil)
    return copying + Double(elementCount(rows: rows)) / speed
  }
}

extension StorageFormat {
  /// Elements that one core encodes in a second.
  fileprivate func encodingSpeed(isWeighted: Bool) -> Double {
    switch self {
    case .iq1_S, .iq1_M, .iq2_XXS, .iq2_XS, .iq2_S, .iq3_XXS, .iq3_S: 8e6
    case .q2_K, .q4_K, .q5_K, .q6_K, .iq4_NL, .iq4_XS: isWeighted ? 54e6 : 100e6
    case .q3_K: isWeighted ? 54e6 : 288e6
    case .q4_0, .q4_1, .q5_0, .q5_1: isWeighted ? 129e6 : 2000e6
    default: 1000e6
    }
  }
}
