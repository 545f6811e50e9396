namespace LongContext.Evaluation.Tasks.Records;

public sealed class AnswerMetricsTests
{
    [Theory]
    [InlineData("exact_match", "The  Green Lamp!", 1)]
    [InlineData("exact_match", "green lamp there", 0)]
    [InlineData("exact_text", " green lamp\n", 1)]
    [InlineData("exact_text", "Green lamp", 0)]
    [InlineData("contains_any", "It was a RED DOOR, I think.", 1)]
    [InlineData("contains_any", "It was red.", 0)]
    [InlineData("contains_words", "It was a RED DOOR, I think.", 1)]
    [InlineData("contains_words", "The red doorway; evergreen lamps", 0)]
    [InlineData("contains_all", "It was a RED DOOR, I think.", 0.5)]
    [InlineData("contains_all", "red door, green lamp", 1)]
    [InlineData("contains_normalized", "the green, lamp", 1)]
    [InlineData("contains_normalized", "the green old lamp", 0)]
    [InlineData("word_f1", "a green door", 0.5)]
    [InlineData("word_f1", "the red door is it", 2 * 0.5 * 1 / 1.5)]
    [InlineData("rouge_1", "green door", 0.5)]
    [InlineData("rouge_2", "green lamp here", 2 * 0.5 * 1 / 1.5)]
    [InlineData("rouge_l", "green and lamp", 2 * 2.0 / 3 * 1 / (5.0 / 3))]
    [InlineData("rouge_lsum", "green\nlamp", 1)]
    [InlineData("edit_similarity", "green lump", 0.9)]
    [InlineData("indel_ratio", "green lump", 0.9)]
    [InlineData("code_similarity", "\ngreen lamp\nmore", 1)]
    public void Score_ReadyMetric_IsWhatItsNameSays(string name, string said, double expected)
    {
        EvaluationItem item = new() { Id = "1", Prompt = new EvaluationPrompt(), Answers = ["green lamp", "red door"] };
        Assert.Equal(expected, AnswerMetrics.Get(name).Score(item, said).Value, 1e-12);
        Assert.Equal(0, AnswerMetrics.Get(name).Score(item with { Answers = [] }, said).Value);
    }

    [Theory]
    [InlineData("no", "I do not know.", 0)]
    [InlineData("no", "No, it is not.", 1)]
    [InlineData("1", "17 of them", 0)]
    [InlineData("17", "**Answer:** 17.", 1)]
    [InlineData("17", "17.5 or 1,175 or 2017 or -17", 0)]
    [InlineData("-5", "It fell to -5 degrees", 1)]
    [InlineData("5", "pages 5-10", 1)]
    [InlineData("1820", "in 1,820 cases", 1)]
    [InlineData("1,820,000", "1820000", 1)]
    [InlineData("[1,5]", "1, 5", 1)]
    [InlineData("1,5", "1.5", 1)]
    [InlineData("1,5", "1, 5", 0)]
    [InlineData("17", "17,5", 0)]
    [InlineData("3", "[3,7]", 1)]
    [InlineData("0,125", "0.125", 1)]
    [InlineData("1820", "\u4FA1\u683C\u306F1,820\u5186\u3067\u3059", 1)]
    [InlineData("1,820", "1,820\u4EBA", 1)]
    [InlineData("1,820", "1,820km", 1)]
    [InlineData("1,820", "1,8201", 0)]
    [InlineData("1024", "(1024,768)", 1)]
    [InlineData("768", "(1024,768)", 1)]
    [InlineData("2021", "2020,2021", 1)]
    [InlineData("6", "4,5,6", 1)]
    [InlineData("5.6", "4,5,6", 0)]
    [InlineData("1,820.50", "1820.50 in all", 1)]
    [InlineData("10", "10km", 1)]
    [InlineData("10 km", "10km", 1)]
    [InlineData("10km", "it is 10 km", 1)]
    [InlineData("10 kg", "10km", 0)]
    [InlineData("3", "key 3f2a91", 0)]
    [InlineData("3f2a91", "key 3f2a91.", 1)]
    [InlineData("1", "1e5", 0)]
    [InlineData("2", "B2B", 0)]
    [InlineData("1.2.3", "It is v1.2.3.", 1)]
    [InlineData("1.2", "v1.2.3", 0)]
    [InlineData("2020", "on 17.5.2020", 1)]
    [InlineData("1820", "in 1820\u00B9", 1)]
    [InlineData("18201", "in 1820\u00B9", 0)]
    [InlineData("CO2", "CO\u2082", 1)]
    [InlineData("50%", "50 people", 0)]
    [InlineData("50%", "50 percent, or 50 per cent", 1)]
    [InlineData("50 %", "about 50%", 1)]
    [InlineData("50 per cent", "50%", 1)]
    [InlineData("\uC11C\uC6B8", "\uC815\uB2F5\uC740 \uC11C\uC6B8\uC785\uB2C8\uB2E4", 1)]
    [InlineData("\uC11C\uC6B8", "\uC11C\uCD08 \uC6B8\uC0B0", 0)]
    [InlineData("1820", "1820\uB144", 1)]
    [InlineData("42", "x=42", 1)]
    [InlineData("The Eiffel Tower", "eiffel tower!", 1)]
    [InlineData("vitamin A", "vitamin C", 0)]
    [InlineData("A minor", "It is in C minor", 0)]
    [InlineData("A negative", "B negative", 0)]
    [InlineData("A minor", "in a minor key", 1)]
    [InlineData("a red door", "my red door", 1)]
    [InlineData("An owl", "this owl", 1)]
    [InlineData("The a", "a", 1)]
    [InlineData("A", "a", 1)]
    [InlineData("Paris", "Paris\u2019s streets; _Paris_/France", 1)]
    [InlineData("C", "C++ and C#", 0)]
    [InlineData("C++", "In C++, of course", 1)]
    [InlineData("St. Petersburg", "It is St Petersburg", 1)]
    [InlineData("red door", "red-door", 1)]
    [InlineData("\u5317\u4EAC", "\u7B54\u6848\u662F\u5317\u4EAC\u3002", 1)]
    [InlineData("\u5317\u4EAC", "\u5317\u6D77\u4EAC", 0)]
    [InlineData("+", "a + b", 1)]
    [InlineData("caf\u00E9", "Cafe\u0301.", 1)]
    [InlineData("17", "\uD83D 17", 1)]
    public void Score_ContainsWords_FindsWholeWordsOnly(string right, string said, double expected) =>
        Assert.Equal(expected, AnswerMetrics.ContainsWords.Score(new EvaluationItem { Id = "1", Prompt = new EvaluationPrompt(), Answers = ["something else", right] }, said).Value);

    [Theory]
    [InlineData("It was 12, then 1,250 euros.", 1)]
    [InlineData("1250 or 12", 0)]
    [InlineData("none", 0)]
    public void Score_FinalNumber_TakesTheLastOne(string said, double expected) =>
        Assert.Equal(expected, AnswerMetrics.FinalNumber.Score(new EvaluationItem { Id = "1", Prompt = new EvaluationPrompt(), Answers = ["1250"] }, said).Value);

    [Theory]
    [InlineData("The answer is B.", 1, "B")]
    [InlineData("I take the door", 1, "B")]
    [InlineData("A", 0, "A")]
    [InlineData("None of it", 0, "none")]
    public void Score_ChoiceLetter_SaysWhatItRead(string said, double expected, string judged)
    {
        EvaluationItem item = new() { Id = "1", Prompt = new EvaluationPrompt(), Answers = ["B"], Choices = ["lamp", "door"] };
        ItemScore score = AnswerMetrics.ChoiceLetter.Score(item, said);
        Assert.Equal((expected, judged), (score.Value, score.Judged));
        Assert.Contains("The item 1 has no choices", Assert.Throws<InvalidOperationException>(() => AnswerMetrics.ChoiceLetter.Score(item with { Choices = [] }, "B")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Get_Names_AreFoundHoweverTheyAreWritten()
    {
        Assert.All(AnswerMetrics.All, metric => Assert.Same(metric, AnswerMetrics.Get(metric.Name)));
        Assert.Equal(AnswerMetrics.All.Count, AnswerMetrics.All.Select(metric => metric.Name).Distinct().Count());
        Assert.Same(AnswerMetrics.WordF1, AnswerMetrics.Get(" Word F1 "));
        Assert.Same(AnswerMetrics.RougeL, AnswerMetrics.Get("ROUGE-L"));
        Assert.Same(AnswerMetrics.RougeL, AnswerMetrics.Get("rougeL"));
        Assert.Same(AnswerMetrics.WordF1, AnswerMetrics.Get("F1"));
        Assert.Same(AnswerMetrics.ExactMatch, AnswerMetrics.Get("em"));
        Assert.Equal("word_f1", AnswerMetrics.WordF1.ToString());
    }

    [Fact]
    public void Get_Unknown_ListsThoseThatAre()
    {
        string message = Assert.Throws<ArgumentException>(() => AnswerMetrics.Get("bleu")).Message;
        Assert.StartsWith("There is no metric \"bleu\"; there are exact_match, exact_text, contains_words, contains_any, ", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Score_OwnFunction_MustGiveANumber()
    {
        EvaluationItem item = new() { Id = "7", Prompt = new EvaluationPrompt(), Answers = [] };
        Assert.Equal(0.25, new AnswerMetric("mine", (_, said) => said.Length / 4.0).Score(item, "x").Value);
        Assert.Equal("x", new AnswerMetric("mine", (_, said) => new ItemScore(1) { Judged = said }).Score(item, "x").Judged);
        Assert.Equal("The metric mine gave NaN for the item 7, expected a number.", Assert.Throws<InvalidOperationException>(() => new AnswerMetric("mine", (_, _) => double.NaN).Score(item, "")).Message);
        Assert.Equal("The metric mine gave null for the item 7, expected a score.", Assert.Throws<InvalidOperationException>(() => new AnswerMetric("mine", (_, _) => (ItemScore)null!).Score(item, "")).Message);
        Assert.Throws<ArgumentException>(() => new AnswerMetric(" ", (_, _) => 1));
        Assert.Throws<ArgumentNullException>(() => new AnswerMetric("mine", (Func<EvaluationItem, string, double>)null!));
    }
}
