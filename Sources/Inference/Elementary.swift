#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// The system's elementary functions in double precision.
///
/// Used for tables, whose entries are then rounded to `Float`: the libraries differ from each other by less
/// than one unit in the last of 53 bits, which a rounding to 24 bits hides but for one value in some 10⁸. Also
/// used for probabilities that people read.
public enum Elementary {
  static func sine(_ angle: Double) -> Double { sin(angle) }
  static func cosine(_ angle: Double) -> Double { cos(angle) }
  static func power(_ base: Double, _ exponent: Double) -> Double { pow(base, exponent) }
  public static func exponential(_ value: Double) -> Double { exp(value) }
  public static func naturalLogarithm(_ value: Double) -> Double { log(value) }
}
