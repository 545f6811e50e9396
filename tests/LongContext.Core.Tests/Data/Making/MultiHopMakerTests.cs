using System.Text.RegularExpressions;
using LongContext.Data.Operators;

namespace LongContext.Data.Making;

public sealed class MultiHopMakerTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 1)]
    [InlineData(4, 3)]
    public void MakeItem_Variables_FollowsTheChain(int hops, int chains)
    {
        MultiHopMaker maker = new(new MultiHopOptions { Tokenizer = PieceTokenizer.Subword, Hops = hops, Chains = chains });
        for (int i = 0; i < 20; i++)
        {
            RetrievalItem item = maker.MakeItem(i, 3000);
            Assert.StartsWith("Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n", item.Question, StringComparison.Ordinal);
            // Reading from the top, each line may only use what stood before it.
            Dictionary<string, string> variables = [];
            foreach (Match match in Regex.Matches(item.Question, @"^VAR ([A-Z]{5}) = (?:([0-9]{5})|VAR ([A-Z]{5}))$", RegexOptions.Multiline))
                variables.Add(match.Groups[1].Value, match.Groups[2].Success ? match.Groups[2].Value : variables[match.Groups[3].Value]);
            Assert.Equal((hops + 1) * chains, variables.Count);
            string value = Regex.Match(item.Question, @"Question: Find all variables that are assigned the value ([0-9]{5}) in the text above\.$").Groups[1].Value;
            Assert.Equal(variables.Where(pair => pair.Value == value).Select(pair => pair.Key), item.Answers);
            Assert.Equal(hops + 1, item.Answers.Count);
            Assert.Equal($" Answer: According to the chain(s) of variable assignment in the text above, {hops + 1} variables are assigned the value {value}, they are:", item.AnswerPrefix);
            Assert.Equal(" " + string.Join(' ', item.Answers), item.Completion);
            Assert.Equal(item.TokenCount, PieceTokenizer.Subword.CountTokens(item.Prompt + item.Completion));
            Assert.InRange(item.TokenCount, 3000 - PieceTokenizer.Subword.CountTokens("\nThe grass is green. The sky is blue. The sun is yellow. Here we go. There and back again."), 3000);
        }
    }

    [Fact]
    public void MakeItem_Facts_LeadFromTheThingAskedAboutToTheAnswer()
    {
        MultiHopMaker maker = new(new MultiHopOptions { Tokenizer = PieceTokenizer.WordLevel, Form = MultiHopForm.Facts, Hops = 3, Chains = 4, Haystack = Haystack.PlainSentences });
        int inOrder = 0;
        for (int i = 0; i < 40; i++)
        {
            RetrievalItem item = maker.MakeItem(i, 1500);
            MatchCollection facts = Regex.Matches(item.Question, @"The (\w+ \w+) is inside the (\w+ \w+)\.");
            Assert.Equal(12, facts.Count);
            Dictionary<string, string> inside = facts.ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
            string thing = Regex.Match(item.Question, @"Question: The (\w+ \w+) is inside something").Groups[1].Value;
            List<int> places = [];
            for (string at = thing; inside.TryGetValue(at, out string? next); at = thing)
            {
                places.Add(item.Question.IndexOf($"The {at} is inside the", StringComparison.Ordinal));
                thing = next;
            }

            Assert.Equal(3, places.Count);
            Assert.Equal(thing, Assert.Single(item.Answers));
            Assert.Equal($" {thing}.", item.Completion);
            Assert.InRange(item.TokenCount, 1499, 1500);
            if (places.Order().SequenceEqual(places)) inOrder++;
        }

        Assert.InRange(inOrder, 1, 20); // one of 3! orders: 40 / 6 = 7
    }

    [Fact]
    public void MakeItem_BadInput_SaysWhy()
    {
        Assert.Throws<ArgumentException>("tokenCount", () => new MultiHopMaker(new MultiHopOptions { Tokenizer = PieceTokenizer.WordLevel }).MakeItem(0, 30));
        string message = Assert.Throws<ArgumentException>(() => new MultiHopMaker(new MultiHopOptions
        {
            Tokenizer = null!, MinimumTokens = 0, MaximumTokens = -1, AnswerTokens = -1, Form = (MultiHopForm)5, Hops = 0, Chains = 0, Haystack = Haystack.Needles, Split = (ValueSplit)5, Template = "x",
        })).Message;
        foreach (string part in (string[])["Tokenizer is null", "MinimumTokens is 0", "MaximumTokens is -1", "AnswerTokens is -1", "Form is 5", "Hops is 0", "Chains is 0", "Haystack is Needles", "Split is 5", "Template is \"x\""])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToSource_StoppedAnywhere_GoesOn() => Assert.Equal(
        5, Walks.AssertResumesAnywhere(() => new MultiHopMaker(new MultiHopOptions { Tokenizer = PieceTokenizer.WordLevel, MinimumTokens = 200, MaximumTokens = 400 }).ToSource(5)).Count);
}
