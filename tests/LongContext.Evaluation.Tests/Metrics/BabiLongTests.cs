namespace LongContext.Evaluation.Metrics;

public sealed class BabiLongTests
{
    [Theory]
    [InlineData("qa1", "kitchen", "In the KITCHEN. Or the garden.", "Where is Mary?", true)]
    [InlineData("qa1", "kitchen", "kitchen or garden", "Where is Mary?", false)]
    [InlineData("qa1", "kitchen", "kitchen or garden", "Is Mary in the Garden?", true)] // labels of the question do not count
    [InlineData("qa1", "garden", "garden", "Is Mary in the Garden?", false)]
    [InlineData("qa1", "kitchen", "kitchen <context> garden", "Where?", true)]
    [InlineData("qa1", "kitchen", "kitchen Question: garden", "Where?", false)] // looked for after lower-casing
    [InlineData("qa10", "no", "unknown", "Is it?", true)] // found inside a word
    [InlineData("qa8", "milk,apple", "apple and milk", "What?", true)]
    [InlineData("qa8", "milk,apple", "apple, milk, football", "What?", false)]
    [InlineData("qa8", "milk,milk", "milk", "What?", false)]
    [InlineData("qa19", "e,n", "e,n", "How?", true)]
    public void CompareAnswers_Labels_OnlyTheTargetMayRemain(string task, string target, string output, string question, bool expected) =>
        Assert.Equal(expected, BabiLong.CompareAnswers(target, output, question, BabiLong.Labels(task)));

    [Fact]
    public void Labels_Tasks_AreTwenty()
    {
        for (int task = 1; task <= 20; task++) Assert.NotEmpty(BabiLong.Labels($"qa{task}"));
        Assert.Contains("\"qa21\"", Assert.Throws<ArgumentException>(() => BabiLong.Labels("qa21")).Message, StringComparison.Ordinal);
    }
}
