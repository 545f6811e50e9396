namespace LongContext.Core.Tests.Chat;

/// <summary>A minute before midnight of one day, in UTC.</summary>
internal sealed class FixedClock(DateOnly day) : TimeProvider
{
    public FixedClock()
        : this(new DateOnly(2025, 3, 7))
    {
    }

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => new(day, new TimeOnly(23, 59), TimeSpan.Zero);
}
