using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using LongContext.Data.Reading;

namespace LongContext.Data.Columnar;

/// <summary>
/// Stored values as JSON: numbers and truth values as such, texts as strings, dates and times in ISO 8601, decimals as numbers; what is no number (NaN, infinities) by its
/// name; bytes that nothing says are text as text where they are UTF-8, else in Base64.
/// </summary>
internal sealed class LeafValues(SchemaElement element)
{
    private const int MostDigits = 28;
    private const long DaysLimit = 4_000_000;

    /// <summary>Bytes of which a string can hold the Base64.</summary>
    private const int MostInBase64 = 800_000_000;
    private static readonly DateTime Epoch = DateTime.UnixEpoch;

    /// <exception cref="FormatException">A text is not UTF-8, or bytes are too many for a text.</exception>
    public JsonNode? ToJson(RawValue value) => element.Type switch
    {
        PhysicalType.Boolean => JsonValue.Create(value.Number != 0),
        PhysicalType.Float => OfDouble(BitConverter.Int32BitsToSingle((int)value.Number)),
        PhysicalType.Double => OfDouble(BitConverter.Int64BitsToDouble(value.Number)),
        PhysicalType.Int32 => OfInteger((int)value.Number),
        PhysicalType.Int64 => OfInteger(value.Number),
        PhysicalType.Int96 => OfInt96(value.Bytes.Span),
        _ => OfBytes(value.Bytes.Span),
    };

    /// <summary>Whether values are texts, of which those in a dictionary need be decoded only once.</summary>
    public bool IsText => element.Type == PhysicalType.ByteArray && element.Kind is LogicalKind.Text or LogicalKind.None;

    private static JsonValue OfDouble(double value) =>
        double.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));

    private static JsonValue OfDouble(float value) =>
        float.IsFinite(value) ? JsonValue.Create(value) : JsonValue.Create(value.ToString(CultureInfo.InvariantCulture));

    private JsonValue OfInteger(long value) => element.Kind switch
    {
        LogicalKind.Unsigned => element.Type == PhysicalType.Int32 ? JsonValue.Create((uint)value) : JsonValue.Create((ulong)value),
        LogicalKind.Decimal => OfDecimal(value),
        // No absolute value: the smallest number has none.
        LogicalKind.Date when value is > -DaysLimit and < DaysLimit && TryDate(Epoch, value * TimeSpan.TicksPerDay) is { } date =>
            JsonValue.Create(date.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)),
        LogicalKind.TimestampMilliseconds => OfTimestamp(value, 1000),
        LogicalKind.TimestampMicroseconds => OfTimestamp(value, 1_000_000),
        LogicalKind.TimestampNanoseconds => OfTimestamp(value, 1_000_000_000),
        LogicalKind.TimeMilliseconds => OfTime(value, 1000),
        LogicalKind.TimeMicroseconds => OfTime(value, 1_000_000),
        LogicalKind.TimeNanoseconds => OfTime(value, 1_000_000_000),
        _ => JsonValue.Create(value),
    };

    private JsonValue OfTimestamp(long value, long perSecond)
    {
        (long seconds, long rest) = Math.DivRem(value, perSecond);
        if (rest < 0) (seconds, rest) = (seconds - 1, rest + perSecond);
        if (Math.Abs(seconds) > DaysLimit * 86400 || TryDate(Epoch, seconds * TimeSpan.TicksPerSecond) is not { } time) return JsonValue.Create(value);
        return JsonValue.Create(time.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + Fraction(rest, perSecond) + (element.IsUtc ? "Z" : ""));
    }

    private static JsonValue OfTime(long value, long perSecond)
    {
        (long seconds, long rest) = Math.DivRem(value, perSecond);
        return value >= 0 && seconds < 86400
            ? JsonValue.Create(string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600:00}:{seconds / 60 % 60:00}:{seconds % 60:00}{Fraction(rest, perSecond)}"))
            : JsonValue.Create(value);
    }

    private static string Fraction(long rest, long perSecond)
    {
        if (rest == 0) return "";
        int digits = perSecond.ToString(CultureInfo.InvariantCulture).Length - 1;
        return "." + rest.ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0').TrimEnd('0');
    }

    private static DateTime? TryDate(DateTime from, long ticks)
    {
        long sum = from.Ticks + ticks;
        return sum >= DateTime.MinValue.Ticks && sum <= DateTime.MaxValue.Ticks ? new DateTime(sum, DateTimeKind.Utc) : null;
    }

    /// <summary>Impala's timestamp: nanoseconds of the day, then the Julian day.</summary>
    private static JsonValue? OfInt96(ReadOnlySpan<byte> bytes)
    {
        const long JulianEpoch = 2_440_588;
        long nanoseconds = BitConverter.ToInt64(bytes), day = BitConverter.ToInt32(bytes[8..]) - JulianEpoch;
        (long seconds, long rest) = Math.DivRem(nanoseconds, 1_000_000_000);
        bool isTime = nanoseconds >= 0 && seconds < 86400 && Math.Abs(day) < DaysLimit;
        return isTime && TryDate(Epoch, (day * TimeSpan.TicksPerDay) + (seconds * TimeSpan.TicksPerSecond)) is { } time
            ? JsonValue.Create(time.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture) + Fraction(rest, 1_000_000_000))
            : JsonValue.Create(Convert.ToBase64String(bytes));
    }

    private JsonValue OfBytes(ReadOnlySpan<byte> bytes) => element.Kind switch
    {
        LogicalKind.Text => JsonValue.Create(Text(bytes)),
        LogicalKind.Decimal when bytes.Length is > 0 and <= 32 => OfDecimal(new BigInteger(bytes, isUnsigned: false, isBigEndian: true)),
        LogicalKind.Uuid when bytes.Length == 16 => JsonValue.Create(new Guid(bytes, bigEndian: true).ToString()),
        LogicalKind.Float16 when bytes.Length == 2 => OfDouble((float)BitConverter.ToHalf(bytes)),
        _ => JsonValue.Create(Utf8.IsValid(bytes) && element.Type == PhysicalType.ByteArray ? Encoding.UTF8.GetString(bytes) : Base64(bytes)),
    };

    private static string Base64(ReadOnlySpan<byte> bytes) => bytes.Length <= MostInBase64 ? Convert.ToBase64String(bytes)
        : throw new FormatException(FormattableString.Invariant($"the value has {bytes.Length} bytes, expected {MostInBase64} at most of what is no text"));

    private static string Text(ReadOnlySpan<byte> bytes) =>
        Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes)
            : throw new FormatException(FormattableString.Invariant($"byte {JsonRecords.FirstInvalid(bytes)} of the text is not UTF-8"));

    /// <summary>As a number where C#'s decimal holds it, else its digits as text.</summary>
    private JsonValue OfDecimal(BigInteger unscaled)
    {
        int scale = element.Scale;
        bool fits = scale is >= 0 and <= MostDigits && BigInteger.Abs(unscaled) < BigInteger.Pow(10, MostDigits);
        if (fits)
        {
            BigInteger magnitude = BigInteger.Abs(unscaled);
            uint Part(int shift) => (uint)((magnitude >> shift) & uint.MaxValue);
            return JsonValue.Create(new decimal((int)Part(0), (int)Part(32), (int)Part(64), unscaled.Sign < 0, (byte)scale));
        }

        return JsonValue.Create($"{unscaled.ToString(CultureInfo.InvariantCulture)}e{(-(long)scale).ToString(CultureInfo.InvariantCulture)}");
    }
}
