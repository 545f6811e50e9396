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
        HashSet<string> starts = [.. Enumerable.Range(0, 60).Select(i => haystack.Pieces(new SplitMix64(1, i), null).First().Text)];
        Assert.Equal(["Five", "One", "Seven", "Three"], starts.Order());
        Haystack without = Haystack.FromDocuments(["no end at all"]);
        Assert.Equal("no", without.Pieces(new SplitMix64(1, 1), null).SkipWhile(piece => piece.Text != "no").First().Text);
    }

    [Fact]
    public void With_TextWithoutSpaces_KeepsItAndMeasuresItOut()
    {
        const string story = "他说：「今天的天气很好！」然后他们一起走到了河边。河水很清，可以看见鱼。";
        Haystack haystack = Haystack.FromDocuments([story], fromRandomPlace: false);
        using HaystackText text = new(haystack, haystack.Pieces(new SplitMix64(1, 1), null));
        int pieces = TextPieces.Of(story).Count;
        Assert.InRange(pieces, 25, story.Length);
        Assert.Equal(story, text.With(pieces, []));
        Assert.Equal(story + " " + story, text.With(2 * pieces, []));
        Assert.InRange(text.With(5, []).Length, 5, 12);
        // Three sentences: before the second, and before the third.
        Assert.Equal("他说：「今天的天气很好！」 ONE 然后他们一起走到了河边。 TWO 河水很清，可以看见鱼。", text.With(pieces, [("ONE", 0.4), ("TWO", 0.7)]));
        Assert.Equal("他说：「今", text.With(3, []));
    }

    [Theory]
    [InlineData("คนเฝ้าประภาคารเก็บกุญแจทองเหลืองสำรองไว้ใต้กระถางดอกไม้สีฟ้าใบที่สาม", 20)]
    [InlineData("灯台守は三つ目の青い植木鉢の下に予備の真鍮の鍵を置いている", 20)]
    [InlineData("👩‍👩‍👧‍👦🇩🇪が𠮷野家で👍🏽と言ったので👩‍👩‍👧‍👦は帰りました", 10)]
    public void TextPieces_NoSpaces_AreCutBetweenGraphemes(string text, int least)
    {
        List<Range> pieces = TextPieces.Of(text);
        Assert.InRange(pieces.Count, least, text.Length);
        Assert.Equal(text, string.Concat(pieces.Select(piece => text[piece])));
        HashSet<int> graphemes = [.. System.Globalization.StringInfo.ParseCombiningCharacters(text)];
        Assert.All(pieces, piece => Assert.Contains(piece.Start.Value, graphemes));
    }

    [Fact]
    public void TextPieces_TextWithSpaces_AreItsWords()
    {
        string text = "Mr. O’Neill read “北京大学” at https://example.org/" + new string('a', 200) + " —\tthen slept.\u001Cἄνθρωπος";
        Assert.Equal(TextUnits.Words(text), TextPieces.Of(text));
        string encoded = string.Concat(Enumerable.Repeat("0123456789abcdef", 100));
        Assert.Equal([.. Enumerable.Range(0, 25).Select(i => (i * 64)..((i + 1) * 64))], TextPieces.Of(encoded));
        Assert.Equal(["\ud842", "x"], TextPieces.Of("\ud842 x").Select(piece => "\ud842 x"[piece]));
    }

    [Theory]
    [InlineData("no full stop anywhere ")]
    [InlineData("这里没有句号，只有逗号，没完没了，")]
    public void With_NoSentence_PutsThingsAtTheirDepth(string words)
    {
        Haystack haystack = Haystack.FromDocuments([string.Concat(Enumerable.Repeat(words, 50))], fromRandomPlace: false);
        using HaystackText text = new(haystack, haystack.Pieces(new SplitMix64(1, 1), null));
        foreach (double depth in (double[])[0, 0.25, 0.5, 0.8, 1])
        {
            string whole = text.With(180, [("HERE", depth)]);
            Assert.Equal(depth, whole.IndexOf("HERE", StringComparison.Ordinal) / (double)(whole.Length - 4), 0.03);
        }
    }

    [Fact]
    public void Pieces_MarksOfOtherScripts_EndSentences()
    {
        Haystack haystack = Haystack.FromDocuments(["वह घर गया। वह सो गया॥ هل نام؟ نعم نام۔ Բարեւ։ ok"], fromRandomPlace: false);
        Assert.Equal([0, 3, 6, 8, 10, 11], haystack.Pieces(new SplitMix64(1, 1), null).Take(12).Select((piece, i) => piece.IsBorder ? i : -1).Where(i => i >= 0));
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
