namespace LongContext.Data.Making;

public sealed class HaystackTests
{
    [Fact]
    public void With_Sentences_PutsThingsWhereSentencesEnd()
    {
        Haystack haystack = Haystack.FromDocuments(["A b. C\nd! (E f?)  G"], fromRandomPlace: false);
        using HaystackText text = new(haystack, haystack.Pieces(new SplitMix64(1, 1), null));
        // Sentences of 7 words: "A b." "C d!" "(E f?)" "G"; 4 · 0.5 = 2 of them before the first, all before the second.
        Assert.Equal("A b. C d! ONE (E f?) G TWO", text.With(7, [("TWO", 1), ("ONE", 0.5)]));
        Assert.Equal("ONE A b. C d! (E f?) G", text.With(7, [("ONE", 0.24)]));
        // Cut after 5 words the third sentence is begun: 3 · 0.99 = 2.
        Assert.Equal("A b. C d! ONE (E", text.With(5, [("ONE", 0.99)]));
        // The document begins anew after its last word.
        Assert.Equal("A b. C d! (E f?) G A b.", text.With(9, []));
        Assert.Equal("ONE TWO", text.With(0, [("ONE", 0.3), ("TWO", 0.3)]));
    }

    [Fact]
    public void Pieces_Documents_BeginAtASentenceOfTheSeed()
    {
        Haystack haystack = Haystack.FromDocuments(["One two. Three four.", "Five six. Seven eight."]);
        HashSet<string> starts = [.. Enumerable.Range(0, 60).Select(i => haystack.Pieces(new SplitMix64(1, i), null).First().Piece)];
        Assert.Equal(["Five", "One", "Seven", "Three"], starts.Order());
        Haystack without = Haystack.FromDocuments(["no end at all"]);
        Assert.Equal("no", without.Pieces(new SplitMix64(1, 1), null).SkipWhile(piece => piece.Piece != "no").First().Piece);
    }

    [Fact]
    public void Making_BadInput_IsRefused()
    {
        Assert.Throws<ArgumentException>("sentences", () => Haystack.FromSentences([]));
        Assert.Throws<ArgumentException>("sentences", () => Haystack.FromSentences(["a", " "]));
        Assert.Throws<ArgumentException>("documents", () => Haystack.FromDocuments([" ", "\n"]));
        Assert.Throws<ArgumentException>("line", () => Haystack.Repeated(" "));
        Assert.Equal(PlainAdjectives.All.Order(StringComparer.Ordinal).Distinct(), PlainAdjectives.All);
    }
}
