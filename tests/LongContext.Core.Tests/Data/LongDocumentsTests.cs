using LongContext.Packing;

namespace LongContext.Data;

public sealed class LongDocumentsTests
{
    [Fact]
    public void Cut_WithoutBeginning_GivesWindowsOfTheContext() =>
        Assert.Equal([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]], Cut(10, 4, null));

    [Fact]
    public void Cut_WithBeginning_StartsEachWindowWithIt() =>
        Assert.Equal([[99, 0, 1, 2], [99, 3, 4, 5], [99, 6]], Cut(7, 4, 99));

    [Fact]
    public void Cut_OneTokenLeftOver_IsDroppedWhereNothingStandsBeforeIt() => Assert.Equal([[0, 1, 2, 3]], Cut(5, 4, null));

    [Fact]
    public void Cut_Offset_PutsTheBordersElsewhere() => Assert.Equal([[99, 0, 1], [99, 2, 3, 4], [99, 5, 6]], Cut(7, 4, 99, offset: 2));

    [Theory]
    [InlineData(null)]
    [InlineData(99)]
    public void Cut_AnyLengthAndOffset_LosesAtMostTheSingleTokensAtTheEnds(int? beginning)
    {
        for (int length = 2; length < 40; length++)
        {
            for (int context = 2; context < 9; context++)
            {
                for (int offset = 0; offset < 10; offset++)
                {
                    if (length == 2 && beginning is null && offset % context == 1) continue; // two windows of one token
                    int[][] windows = Cut(length, context, beginning, offset);
                    Assert.All(windows, window => Assert.InRange(window.Length, 2, context));
                    Assert.All(windows[1..^(windows.Length > 1 ? 1 : 0)], window => Assert.Equal(context, window.Length));
                    int[] text = [.. windows.SelectMany(window => beginning is null ? window : window[1..])];
                    Assert.Equal(Enumerable.Range(text[0], text.Length), text);
                    Assert.InRange(text[0], 0, beginning is null ? 1 : 0);
                    Assert.InRange(length - 1 - text[^1], 0, beginning is null ? 1 : 0);
                }
            }
        }
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(1, null)]
    [InlineData(0, 99)]
    public void Cut_TooShort_Throws(int length, int? beginning) => Assert.Throws<ArgumentException>(() => Cut(length, 4, beginning));

    [Fact]
    public void Cut_ContextOrOffsetOutOfRange_Throws()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => Cut(9, 1, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => Cut(9, 4, null, -1));
    }

    private static int[][] Cut(int length, int context, int? beginning, int offset = 0) =>
        [.. LongDocuments.Cut(Enumerable.Range(0, length).ToArray(), context, beginning, offset)
            .Select((TokenSequence window) => window.Tokens.ToArray())];
}
