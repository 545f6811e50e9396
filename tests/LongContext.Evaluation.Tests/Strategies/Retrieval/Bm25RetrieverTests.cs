using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Strategies.Retrieval;

public class Bm25RetrieverTests
{
    internal static ChunkQuery Query(string text, int count, params string[] chunks)
    {
        int start = 0;
        return new ChunkQuery
        {
            Text = text,
            Count = count,
            Session = StrategyContexts.For(PieceTokenizer.WordLevel).Session,
            Chunks = [.. chunks.Select((chunk, i) => new TextChunk(i, (start += chunk.Length) - chunk.Length, chunk))],
        };
    }

    [Fact]
    public async Task RankAsync_ThreePassages_HaveTheScoresOfTheFormula()
    {
        // Lengths 3, 2 and 4, mean 3; "cat" stands in two passages, "dog" in one.
        ChunkQuery query = Query("Cat, DOG?", 3, "the cat cat", "a bird", "the dog, a cat");
        ChunkRanking ranking = await new Bm25Retriever().RankAsync(query, TestContext.Current.CancellationToken);
        double cat = Math.Log(1 + (1.5 / 2.5)), dog = Math.Log(1 + (2.5 / 1.5));
        double third = (cat + dog) / (1 + (1.2 * (0.25 + (0.75 * 4 / 3))));
        double first = cat * 2 / (2 + (1.2 * (0.25 + (0.75 * 3 / 3))));
        Assert.Equal([2, 0, 1], ranking.Chunks.Select(chunk => chunk.Index));
        Assert.Equal(third, ranking.Chunks[0].Score, 12);
        Assert.Equal(first, ranking.Chunks[1].Score, 12);
        Assert.Equal(0, ranking.Chunks[2].Score);
        // By hand: ln 1.6 = 0.4700, ln 2.6667 = 0.9808; (0.4700 + 0.9808) / 2.5 and 0.4700 · 2 / 3.2.
        Assert.Equal(0.580, third, 3);
        Assert.Equal(0.294, first, 3);
    }

    [Fact]
    public async Task RankAsync_LongQuestionOnManyPassages_TakesMemoryForWhatIsThere()
    {
        // 50,000 words × 50,000 passages are more than an array holds.
        string question = string.Join(' ', Enumerable.Range(0, 50_000).Select(i => $"w{i}"));
        ChunkQuery query = Query(question, 2, [.. Enumerable.Range(0, 50_000).Select(i => i == 777 ? "w1 w2 w2 w3" : i == 40_000 ? "w1 w5" : "nothing")]);
        ChunkRanking ranking = await new Bm25Retriever().RankAsync(query, TestContext.Current.CancellationToken);
        Assert.Equal([777, 40_000], ranking.Chunks.Select(chunk => chunk.Index));
        Assert.Equal(2, ranking.FoundCount);
    }

    [Fact]
    public async Task RankAsync_OtherParameters_Count()
    {
        ChunkQuery query = Query("cat cat", 2, "cat cat dog dog", "cat");
        ChunkRanking plain = await new Bm25Retriever(new() { K1 = 0 }).RankAsync(query, TestContext.Current.CancellationToken);
        double idf = Math.Log(1 + (0.5 / 2.5));
        Assert.Equal([2 * idf, 2 * idf], plain.Chunks.Select(chunk => chunk.Score)); // twice in the question
        ChunkRanking noLength = await new Bm25Retriever(new() { B = 0, K1 = 2 }).RankAsync(query, TestContext.Current.CancellationToken);
        Assert.Equal([(0, 2 * idf * 2 / 4), (1, 2 * idf / 3)], noLength.Chunks.Select(chunk => (chunk.Index, chunk.Score)));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("Don't stop: Bob's co-op, v2.0", "don t stop bob co op v2 0")]
    [InlineData("ﬁne ＡＢＣ soft\u00ADhyphen", "fine abc softhyphen")]
    [InlineData("Straße ÉCOLE", "straße école")]
    [InlineData("東京都", "東 京 東京 都 京都")]
    [InlineData("見る。犬cat犬 2語", "見 る 見る 犬 cat 犬 2 語")]
    [InlineData("𝒳yz 𐐀", "xyz 𐐨")]
    [InlineData("\uD83D half", "half")]
    [InlineData("it's", "it")]
    [InlineData("boss'stick", "boss stick")]
    public void SearchWords_Text_AreItsWords(string text, string expected)
    {
        List<string> words = [];
        for (SearchWords found = new(SearchWords.Prepare(text)); found.MoveNext();) words.Add(found.Current.ToString());
        Assert.Equal(expected, string.Join(' ', words));
    }

    [Fact]
    public async Task RankAsync_Chinese_FindsPairsOfLetters()
    {
        ChunkQuery query = Query("京都", 3, "都市と京", "東京都です", "大阪です");
        ChunkRanking ranking = await new Bm25Retriever().RankAsync(query, TestContext.Current.CancellationToken);
        Assert.Equal([1, 0, 2], ranking.Chunks.Select(chunk => chunk.Index));
    }

    [Fact]
    public async Task RankAsync_Stems_FindOtherForms()
    {
        ChunkQuery query = Query("running horses", 2, "nothing of the kind", "the horse runs");
        Assert.Equal(0, (await new Bm25Retriever().RankAsync(query, TestContext.Current.CancellationToken)).Chunks[0].Score);
        Assert.Equal(1, (await new Bm25Retriever(new() { StemsEnglish = true }).RankAsync(query, TestContext.Current.CancellationToken)).Chunks[0].Index);
    }

    [Fact]
    public async Task RankAsync_NoWordInCommon_KeepsTheTextsOrder()
    {
        Bm25Retriever retriever = new();
        foreach (string text in new[] { "zebra", "", "?!" })
            Assert.Equal([0, 1], (await retriever.RankAsync(Query(text, 2, "a", "b", "c"), TestContext.Current.CancellationToken)).Chunks.Select(chunk => chunk.Index));
        Assert.Empty((await retriever.RankAsync(Query("a", 1), TestContext.Current.CancellationToken)).Chunks);
    }

    [Fact]
    public async Task RankAsync_RandomTexts_AgreeWithCountingByHand()
    {
        string[] vocabulary = ["the", "cab", "bad", "ab", "world", "fish"];
        for (int seed = 0; seed < 30; seed++)
        {
            LongContext.Data.SplitMix64 random = new(seed, 3);
            string[] chunks = [.. Enumerable.Range(0, 1 + random.NextInt(12)).Select(_ => string.Join(' ', Enumerable.Range(0, random.NextInt(9)).Select(_ => vocabulary[random.NextInt(6)])))];
            string[] question = [.. Enumerable.Range(0, 3).Select(_ => vocabulary[random.NextInt(6)])];
            double[] scores = new Bm25Retriever().Scores(string.Join(' ', question), Query("", 1, chunks).Chunks);
            string[][] words = [.. chunks.Select(chunk => chunk.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
            double mean = words.Average(list => list.Length);
            for (int i = 0; i < chunks.Length; i++)
            {
                double expected = 0;
                foreach (string term in question)
                {
                    int with = words.Count(list => list.Contains(term)), tf = words[i].Count(word => word == term);
                    if (tf > 0) expected += Math.Log(1 + ((chunks.Length - with + 0.5) / (with + 0.5))) * tf / (tf + (1.2 * (0.25 + (0.75 * words[i].Length / mean))));
                }

                Assert.Equal(expected, scores[i], 12);
            }
        }
    }

    [Fact]
    public void Constructor_BadOptions_NamesAll()
    {
        string message = Assert.Throws<ArgumentException>(() => new Bm25Retriever(new() { K1 = -1, B = double.NaN })).Message;
        Assert.Contains("K1 is -1", message);
        Assert.Contains("B is NaN", message);
        Assert.Equal("bm25 k1=1.2 b=0.75, words 1", new Bm25Retriever().Identity);
    }
}
