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
        Assert.Equal("word_f1", AnswerMetrics.WordF1.ToString());
    }

    [Fact]
    public void Get_Unknown_ListsThoseThatAre()
    {
        string message = Assert.Throws<ArgumentException>(() => AnswerMetrics.Get("bleu")).Message;
        Assert.StartsWith("There is no metric \"bleu\"; there are exact_match, exact_text, contains_any, ", message, StringComparison.Ordinal);
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
