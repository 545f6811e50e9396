namespace LongContext.Packing;

public sealed class TokenSequenceTests
{
    [Fact]
    public void Constructor_NoToken_Throws() =>
        Assert.Contains("at least one token", Assert.Throws<ArgumentException>(
            () => new TokenSequence(ReadOnlyMemory<int>.Empty)).Message, StringComparison.Ordinal);

    [Fact]
    public void Constructor_MaskOfAnotherLength_NamesBothLengths()
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => new TokenSequence(new[] { 1, 2, 3 }, new[] { true }));
        Assert.Contains("1 values for 3 tokens", fault.Message, StringComparison.Ordinal);
    }
}
