using System.Text.RegularExpressions;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Strategies.Retrieval;

public partial class ReRankingTests
{
    private static readonly EvaluationModel Judge = StrategyContexts.Other("judge");

    /// <summary>Passages "w0"… in an order of the retriever's, each worth its number.</summary>
    private static ChunkQuery Query(int chunks, int count, List<string> asked, Func<string, string> answer)
    {
        ChunkQuery query = Bm25RetrieverTests.Query("which?", count, [.. Enumerable.Range(0, chunks).Select(i => $"w{i} ")]);
        return query with
        {
            Session = StrategyContexts.For(PieceTokenizer.WordLevel, answer: (model, prompt, settings) =>
            {
                Assert.Same(Judge, model);
                lock (asked) asked.Add(prompt.Text);
                return answer(prompt.Text);
            }).Session,
        };
    }

    /// <summary>Ranks a window by the passages' numbers, the highest first.</summary>
    private static string ByNumber(string prompt) => string.Join(" > ", Shown().Matches(prompt)
        .Select(match => (Place: match.Groups[1].Value, Value: int.Parse(match.Groups[2].Value, null))).OrderByDescending(shown => shown.Value).Select(shown => $"[{shown.Place}]"));

    [Fact]
    public async Task Listwise_SlidingWindows_BringTheBestToTheFront()
    {
        List<string> asked = [];
        ReRankingRetriever retriever = new(new FixedRetriever("fixed", [.. Enumerable.Range(0, 9)]), new ListwiseReRanker(Judge, new() { WindowSize = 4, Step = 2 }));
        ChunkRanking ranking = await retriever.RankAsync(Query(9, 3, asked, ByNumber), TestContext.Current.CancellationToken);
        // Windows 5–8, 3–6, 1–4, 0–2, each with the best two of the one behind it.
        Assert.Equal([8, 7, 0], ranking.Chunks.Select(chunk => chunk.Index));
        Assert.Equal(4, asked.Count);
        Assert.Equal(["w5", "w6", "w7", "w8"], Shown().Matches(asked[0]).Select(match => "w" + match.Groups[2].Value));
        Assert.Equal(["w3", "w4", "w8", "w7"], Shown().Matches(asked[1]).Select(match => "w" + match.Groups[2].Value));
        Assert.Equal((4, 0), (ranking.Details[StrategyDetails.RankingRequests], ranking.Details[StrategyDetails.UnreadableRankings]));
        Assert.Equal(1, ranking.Details["fixed"]);
        Assert.All(asked, prompt => Assert.Contains("which?", prompt));
    }

    [Fact]
    public async Task Listwise_UnreadableAnswers_KeepTheOrderAndAreCounted()
    {
        List<string> asked = [];
        ReRankingRetriever retriever = new(new FixedRetriever("fixed", 4, 2, 0, 1, 3), new ListwiseReRanker(Judge, new() { WindowSize = 3, Step = 2 }));
        ChunkRanking ranking = await retriever.RankAsync(Query(5, 5, asked, _ => asked.Count == 1 ? "As a language model…" : "[2] > [1]"), TestContext.Current.CancellationToken);
        // The window of 0, 1, 3 stays; that of 4, 2, 0 becomes 2, 4, 0.
        Assert.Equal([2, 4, 0, 1, 3], ranking.Chunks.Select(chunk => chunk.Index));
        Assert.Equal(1, ranking.Details[StrategyDetails.UnreadableRankings]);
        Assert.Equal(2, ranking.Details[StrategyDetails.RankingRequests]);
    }

    [Fact]
    public async Task RankAsync_ReRankedTwice_CountsBothsRequests()
    {
        List<string> asked = [];
        ReRankingRetriever once = new(new FixedRetriever("fixed", [.. Enumerable.Range(0, 9)]), new ListwiseReRanker(Judge, new() { WindowSize = 4, Step = 2 }));
        ReRankingRetriever twice = new(once, new ListwiseReRanker(Judge), candidates: 3);
        ChunkRanking ranking = await twice.RankAsync(Query(9, 3, asked, ByNumber), TestContext.Current.CancellationToken);
        Assert.Equal((5, 5), (asked.Count, (int)ranking.Details[StrategyDetails.RankingRequests]));
        Assert.Equal(1, ranking.Details["fixed"]);
    }

    [Fact]
    public async Task Listwise_FewCandidates_LeaveTheOthersBehindThem()
    {
        List<string> asked = [];
        FixedRetriever inner = new("fixed", 0, 1, 2, 3, 4);
        ReRankingRetriever retriever = new(inner, new ListwiseReRanker(Judge), candidates: 3);
        ChunkRanking ranking = await retriever.RankAsync(Query(5, 5, asked, ByNumber), TestContext.Current.CancellationToken);
        Assert.Equal([2, 1, 0, 3, 4], ranking.Chunks.Select(chunk => chunk.Index));
        Assert.Single(asked);
        await new ReRankingRetriever(inner, new ListwiseReRanker(Judge), candidates: 4).RankAsync(Query(5, 2, asked, ByNumber), TestContext.Current.CancellationToken);
        Assert.Equal(4, inner.LastCount);
        // One candidate: nothing to rank, nobody is asked.
        asked.Clear();
        Assert.Single((await new ReRankingRetriever(new FixedRetriever("one", 0), new ListwiseReRanker(Judge)).RankAsync(Query(5, 5, asked, ByNumber), TestContext.Current.CancellationToken)).Chunks);
        Assert.Empty(asked);
    }

    [Fact]
    public async Task Listwise_TwoPasses_GoOverTheListTwice()
    {
        List<string> asked = [];
        ReRankingRetriever retriever = new(new FixedRetriever("fixed", [.. Enumerable.Range(0, 6)]), new ListwiseReRanker(Judge, new() { WindowSize = 3, Step = 2, Passes = 2 }));
        ChunkRanking ranking = await retriever.RankAsync(Query(6, 2, asked, ByNumber), TestContext.Current.CancellationToken);
        Assert.Equal([5, 4], ranking.Chunks.Select(chunk => chunk.Index)); // one pass carries one of them only
        Assert.Equal(6, asked.Count);
    }

    [Fact]
    public async Task Pointwise_Scores_OrderAndUnreadOnesStay()
    {
        List<string> asked = [];
        ReRankingRetriever retriever = new(new FixedRetriever("fixed", 3, 0, 1, 2), new PointwiseReRanker(Judge));
        string Answer(string prompt) => prompt.Contains("w0", StringComparison.Ordinal) ? "hm" : prompt.Contains("w2", StringComparison.Ordinal) ? "[[9]]" : prompt.Contains("w1", StringComparison.Ordinal) ? "[[5]]" : "Score: 5";
        ChunkRanking ranking = await retriever.RankAsync(Query(4, 4, asked, Answer), TestContext.Current.CancellationToken);
        Assert.Equal([(2, 9.0), (3, 5.0), (0, 5.0), (1, 5.0)], ranking.Chunks.Select(chunk => (chunk.Index, chunk.Score)));
        Assert.Equal((4, 1), (ranking.Details[StrategyDetails.RankingRequests], ranking.Details[StrategyDetails.UnreadableRankings]));
    }

    [Fact]
    public async Task Prompts_LongPassages_ShowTheirFirstWords()
    {
        List<string> asked = [];
        ChunkQuery query = Query(2, 2, asked, _ => "[[1]]") with { Chunks = [new TextChunk(0, 0, "one two\nthree four"), new TextChunk(1, 18, "five")] };
        await new PointwiseReRanker(Judge, new() { PassageWords = 3, HighestScore = 4 }).ReRankAsync(query, [new(0, 1), new(1, 0)], TestContext.Current.CancellationToken);
        Assert.Contains(asked, prompt => prompt.Contains("one two three", StringComparison.Ordinal) && !prompt.Contains("four", StringComparison.Ordinal) && prompt.Contains("to 4", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ReRankAsync_TooLongForTheRankingModel_SaysWhatToDo()
    {
        List<string> asked = [];
        ChunkQuery query = Query(3, 3, asked, _ => throw new PromptTooLongException(9, 5));
        foreach (IChunkReRanker ranker in new IChunkReRanker[] { new ListwiseReRanker(Judge), new PointwiseReRanker(Judge) })
        {
            string message = (await Assert.ThrowsAsync<InvalidOperationException>(async () => await ranker.ReRankAsync(query, [new(0, 1), new(1, 0)], TestContext.Current.CancellationToken))).Message;
            Assert.Contains("judge", message);
            Assert.Contains("PassageWords", message);
        }
    }

    [Fact]
    public void Constructors_BadInput_Throw()
    {
        string message = Assert.Throws<ArgumentException>(() => new ListwiseReRanker(Judge, new() { WindowSize = 1, Step = 5, Passes = 0, PassageWords = 0, HighestScore = 0, MaximumNewTokens = 0 })).Message;
        foreach (string name in new[] { "WindowSize", "Step", "Passes", "PassageWords", "HighestScore", "MaximumNewTokens" }) Assert.Contains($"{name} is", message);
        Assert.Throws<ArgumentException>(() => new PointwiseReRanker(Judge, new() { HighestScore = 0 }));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ReRankingRetriever(new Bm25Retriever(), new ListwiseReRanker(Judge), 0));
        Assert.Equal("bm25 > listwise judge", new ReRankingRetriever(new Bm25Retriever(), new ListwiseReRanker(Judge)).Name);
    }

    [GeneratedRegex(@"\[(\d+)\] w(\d+)")]
    private static partial Regex Shown();
}
