using LongContext.Checkpoints;
using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Sampling;
using LongContext.Generation.Scheduling;
using LongContext.Models.Families;

namespace LongContext.Tests.Generation.Scheduling;

/// <summary>The scheduler by itself, step by step: whoever was let in comes to an end, within a number of steps that follows from who was there before.</summary>
public sealed class SchedulerFairnessTests
{
    private const int PageTokens = 4, StepTokens = 16, Sequences = 4;

    private static readonly TokenDistribution Distribution = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Plan_RandomArrivalsOfOnePriority_EachEndsWithinTheTokensOfThoseBeforeIt(int seed)
    {
        var random = new SplitMix64(seed, 1);
        using var driver = new Driver(seed % 2 == 0 ? [null] : [null, 6], cacheTokens: 150);
        var bounds = new Dictionary<EngineSequence, long>();
        for (int step = 0; step < 2_500 || driver.Alive.Count > 0; step++)
        {
            // Bursts, so that memory is short for a while and then not; now and then one that takes nearly all of it.
            while (step < 2_500 && driver.Alive.Count < 40 && random.NextInt(step / 200 % 2 == 0 ? 4 : 12) == 0)
            {
                bool huge = random.NextInt(20) == 0;
                EngineSequence sequence = driver.Add(huge ? 110 : 1 + random.NextInt(40), huge ? 30 : 1 + random.NextInt(30));
                // The first of all has a token in each step, and never loses one.
                bounds.Add(sequence, step + driver.Alive.Sum(other => other.PromptLength + other.Options.MaximumNewTokens) + 1);
            }

            foreach (EngineSequence ended in driver.Step()) Assert.True(step <= bounds[ended], $"ended at step {step}, expected by {bounds[ended]}");
            foreach (EngineSequence alive in driver.Alive) Assert.True(step <= bounds[alive], $"not at its end at step {step}, expected by {bounds[alive]}");
        }

        Assert.True(driver.Scheduler.Preemptions > 20, $"{driver.Scheduler.Preemptions} preemptions show little");
        Assert.Equal(0, driver.Cache.UsedBytes);
    }

    [Theory]
    [InlineData(16)]
    [InlineData(4)]
    [InlineData(null)]
    public void Plan_EndlessStreamOfHigherPriority_LetsLowOnesThroughInTheirTurnUnlessStrict(int? limit)
    {
        var random = new SplitMix64(limit ?? 0, 2);
        using var driver = new Driver([null], cacheTokens: 150, limit);
        List<EngineSequence> low = [], ended = [];
        for (int step = 0; step < 12_000; step++)
        {
            // More than can be done, always: some high ones wait at any time.
            while (driver.Alive.Count(sequence => sequence is { Priority: > 0, Began: false }) < 6) driver.Add(1 + random.NextInt(30), 1 + random.NextInt(20), priority: 1 + random.NextInt(3));
            if (step < 10) low.Add(driver.Add(step == 3 ? 120 : 20, 12, priority: -step % 3));
            ended.AddRange(driver.Step().Where(low.Contains));
        }

        if (limit is null)
        {
            Assert.Empty(ended);
            return;
        }

        Assert.Equal(low.Count, ended.Count);
        // One is favoured at a time, the oldest: in the order in which they came.
        Assert.Equal(low, ended);
    }

    [Fact]
    public void Plan_LowQueueIsLong_HighOnesStillGoBeforeIt()
    {
        using var driver = new Driver([null], cacheTokens: 150, limit: 8);
        for (int i = 0; i < 200; i++) driver.Add(20, 10, priority: -1);
        List<(int Waited, EngineSequence Sequence)> high = [];
        var came = new Dictionary<EngineSequence, int>();
        for (int step = 0; step < 1_000; step++)
        {
            if (step % 10 == 0) came.Add(driver.Add(10, 5, priority: 1), step);
            foreach (EngineSequence ended in driver.Step())
            {
                if (came.TryGetValue(ended, out int at)) high.Add((step - at, ended));
            }
        }

        // However long the queue: they wait for a place, not for the queue.
        Assert.InRange(high.Count, 95, 100);
        Assert.True(high.Max(each => each.Waited) < 60, $"waited {high.Max(each => each.Waited)} steps");
    }

    [Fact]
    public void Plan_ShortPromptsBehindALongOne_DoNotWaitForAllOfIt()
    {
        using var driver = new Driver([null], cacheTokens: 3_000);
        EngineSequence huge = driver.Add(2_000, 1);
        driver.Step();
        int alone = huge.Cached;
        Assert.Equal(StepTokens, alone);
        EngineSequence[] small = [driver.Add(20, 3), driver.Add(30, 3)];
        int steps = 0;
        while (driver.Alive.Intersect(small).Any())
        {
            driver.Step();
            Assert.True(++steps < 20, "the short ones wait");
        }

        // The long one had half of each step at least.
        Assert.True(huge.Cached >= alone + (steps * ((StepTokens / 2) - PageTokens)), $"{huge.Cached} tokens after {steps} steps");
        // Equal ones go one after another.
        EngineSequence equal = driver.Add(1_900, 1);
        driver.Step();
        Assert.Equal(0, equal.Cached);
    }

    [Fact]
    public void Plan_FarOnInALongText_TakesFewerTokensSoThatAStepIsNoLonger()
    {
        ModelConfig config = new() { ModelType = "llama", VocabularySize = 1000, HiddenSize = 512, IntermediateSize = 1408, LayerCount = 8, HeadCount = 8, KeyValueHeadCount = 2, HeadDimension = 64 };
        var work = new StepWork(ModelFamily.ReadShape(config), onGpu: false);
        // Two operations a weight: four matrices of attention, three of the MLP.
        double matrices = 2.0 * 8 * ((512 * 512 * 2) + (2 * 512 * 128) + (3 * 512 * 1408));
        Assert.Equal(matrices + (4 * 512 * 8), work.Of(0));
        Assert.Equal(matrices + (4.0 * 512 * 8 * 100_000), work.Of(99_999));
        Assert.Equal(512, work.Within(0, 512, work.Limit(512)));
        int far = work.Within(100_000, 512, work.Limit(512));
        Assert.InRange(far, 8, 64);
        Assert.True(work.Of(100_000, far) <= work.Limit(512) && work.Of(100_000, far + 1) > work.Limit(512));

        using var driver = new Driver([null], cacheTokens: 150_000, work: work, stepTokens: 512, pageTokens: 64);
        EngineSequence sequence = driver.Add(100_000, 1);
        int largest = 0, smallest = int.MaxValue, steps = 0;
        while (driver.Alive.Count > 0)
        {
            int before = sequence.Cached;
            driver.Step();
            int done = sequence.Cached - before;
            // Up to a page's end it may be as little as half.
            if (driver.Alive.Count == 0 || sequence.Cached > 99_900) continue;
            (largest, smallest, steps) = (Math.Max(largest, done), Math.Min(smallest, done), steps + 1);
            Assert.True(done <= 16 || work.Of(before, done) <= work.Limit(512), $"{done} tokens at {before}");
        }

        Assert.Equal(512, largest);
        Assert.InRange(smallest, 8, 64);
        Assert.InRange(steps, 200, 100_000 / 16);
    }

    [Fact]
    public void StepWork_Windows_BoundWhatIsSeen()
    {
        ModelConfig config = new ModelConfig
        {
            ModelType = "mistral", VocabularySize = 1000, HiddenSize = 64, IntermediateSize = 128, LayerCount = 3, HeadCount = 2, KeyValueHeadCount = 2, HeadDimension = 32,
        }.WithField("sliding_window", 100);
        var work = new StepWork(ModelFamily.ReadShape(config), onGpu: false);
        Assert.Equal(work.Of(99), work.Of(100_000));
        Assert.Equal(3 * 4 * 64, work.Of(50) - work.Of(49));
    }

    /// <summary>Others take what was counted for a prompt that chooses, so that only some of its last pages are left: it is the first, and goes on.</summary>
    [Fact]
    public void Plan_PromptThatChoosesFindsSomeOfItsPages_TakesTheRestFromTheLast()
    {
        int preemptions = 0;
        for (int prompt = 240; prompt < 300; prompt++)
        {
            for (int more = 0; more < 3; more++)
            {
                // The other one has two pages as it comes; the whole prompt and a token, and three pages for what is kept.
                using var driver = new Driver([null], cacheTokens: PageTokens * (2 + ((prompt + 1 + PageTokens - 1) / PageTokens) + 3 + more));
                EngineSequence other = driver.Add(4, 110);
                driver.Step();
                EngineSequence choosing = driver.Add(prompt, 5, priority: 1, new PromptSelection { MaximumTokens = 12, ObservedTokens = 8 });
                int steps = 0;
                for (; driver.Alive.Contains(choosing); steps++)
                {
                    driver.Step();
                    Assert.True(steps < prompt + 5, $"a prompt of {prompt}, {more} more pages: {choosing.Cached} tokens after {steps} steps");
                }

                while (driver.Alive.Contains(other)) driver.Step();
                preemptions += (int)driver.Scheduler.Preemptions;
            }
        }

        Assert.True(preemptions > 10, $"{preemptions} preemptions show little");
    }

    [Fact]
    public void Plan_OthersGuessOrHaveLongPrompts_APromptStillChoosesInItsTurn()
    {
        using var driver = new Driver([null], cacheTokens: 20_000, stepTokens: 64, sequences: 32);
        EngineSequence[] guessing = [.. Enumerable.Range(0, 20).Select(_ => driver.Add(2, 3_000))];
        foreach (EngineSequence sequence in guessing) driver.Guesses.Add(sequence, 6);
        for (int i = 0; i < 4; i++) driver.Step();
        Assert.True(guessing.Sum(sequence => sequence.StepGuesses) > 30);
        EngineSequence huge = driver.Add(4_000, 1), choosing = driver.Add(100, 2, 0, new PromptSelection { MaximumTokens = 40, ObservedTokens = 33 });
        int steps = 0;
        for (; driver.Alive.Contains(choosing); steps++)
        {
            driver.Step();
            Assert.True(steps < 20, $"{choosing.Cached} of its prompt's 100 tokens after {steps} steps");
        }

        Assert.InRange(huge.Cached, 10, 1_000);
    }

    [Fact]
    public void Plan_TextThatDrops_IsChargedForTheKeysThatItSees()
    {
        ModelConfig config = new() { ModelType = "llama", VocabularySize = 1000, HiddenSize = 512, IntermediateSize = 1408, LayerCount = 8, HeadCount = 8, KeyValueHeadCount = 2, HeadDimension = 64 };
        var work = new StepWork(ModelFamily.ReadShape(config), onGpu: false);
        using var driver = new Driver([null], cacheTokens: 150_000, work: work, stepTokens: 512, pageTokens: 64);
        EngineSequence sinks = driver.Add(60_000, 3, 0, new AttentionSinks { Sinks = 4, Window = 252 });
        int steps = 0;
        while (sinks.Pending > 1)
        {
            driver.Step();
            steps++;
        }

        // As many tokens in each step as at the beginning.
        Assert.InRange(steps, 60_000 / 512, (60_000 / 512) + 3);
        driver.Step();
        Assert.Equal(work.Of(255), sinks.StepWork);
        driver.Step();
        EngineSequence chosen = driver.Add(5_000, 3, 0, new PromptSelection { MaximumTokens = 100 });
        while (chosen.Dropped == 0) driver.Step();
        driver.Step();
        Assert.Equal(work.Of(100), chosen.StepWork);
    }

    /// <summary>Runs plans without a model: each sequence's next token is its length.</summary>
    private sealed class Driver : IDisposable
    {
        private readonly OraclePages pages;
        private readonly LongContext.Generation.Running.StepBatch batch;
        private long arrivals;

        public Driver(int?[] windows, int cacheTokens, int? limit = 16, StepWork? work = null, int stepTokens = StepTokens, int pageTokens = PageTokens, int sequences = Sequences)
        {
            pages = new OraclePages(pageTokens, windows);
            Cache = new PagedCache(pages, new PagedCacheOptions { BudgetBytes = new CacheNeeds(pages.Groups, pageTokens).Bytes(cacheTokens) });
            Scheduler = new Scheduler(Cache, stepTokens, sequences, work, limit);
            batch = new LongContext.Generation.Running.StepBatch(stepTokens, sequences);
        }

        public PagedCache Cache { get; }

        public Scheduler Scheduler { get; }

        public List<EngineSequence> Alive { get; } = [];

        /// <summary>How many guesses there are for a sequence in each step; none is right.</summary>
        public Dictionary<EngineSequence, int> Guesses { get; } = [];

        public EngineSequence Add(int prompt, int answer, int priority = 0, TokenDropping? dropping = null)
        {
            var random = new SplitMix64(++arrivals, 7);
            var request = new GenerationRequest { Prompt = Engines.Prompt(ref random, prompt), Priority = priority, Dropping = dropping, Options = new GenerationOptions { MaximumNewTokens = answer, StopTokenIds = [] } };
            var sequence = new EngineSequence(Engines.Model, request, null, pages, Distribution, TimeProvider.System) { Arrival = arrivals };
            Assert.True(Cache.Needs.Bytes(prompt + answer - 1) <= Cache.BudgetBytes, "it would be refused");
            Scheduler.Add(sequence);
            Alive.Add(sequence);
            return sequence;
        }

        public void Dispose() => pages.Dispose();

        /// <summary>Those that came to their end.</summary>
        public List<EngineSequence> Step()
        {
            foreach ((EngineSequence sequence, int count) in Guesses)
            {
                sequence.PreparedGuesses = sequence.GuessRoom(count);
                sequence.EnsureRoom(sequence.PreparedGuesses);
            }

            Scheduler.Plan(batch, sequence => sequence.Began = true);
            Assert.True(batch.SequenceCount > 0 || Alive.Count == 0, "nobody goes on");
            List<EngineSequence> ended = [];
            foreach (EngineSequence sequence in Scheduler.Planned)
            {
                sequence.Cached += sequence.StepTokens - sequence.StepGuesses;
                if (sequence.StepRow >= 0) sequence.Append(sequence.Count % Engines.Vocabulary);
                Cache.Publish(sequence);
                if (sequence.StepSelects)
                {
                    sequence.Choice!.Choose(0, 0, new float[sequence.PromptLength - sequence.Choice.ObservedTokens]);
                    Cache.Select(sequence, sequence.Choice);
                }

                Cache.Forget(sequence);
                if (sequence.StepGuesses > 0) Cache.Truncate(sequence, sequence.Cached);
                if (sequence.Made == sequence.Options.MaximumNewTokens) ended.Add(sequence);
            }

            foreach (EngineSequence sequence in ended)
            {
                Scheduler.Remove(sequence);
                Alive.Remove(sequence);
            }

            return ended;
        }
    }
}
