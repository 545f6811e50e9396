using LongContext.Cuda.Pointwise;
using LongContext.Cuda.Sampling;
using LongContext.Cuda.Tests.Pointwise;

namespace LongContext.Cuda.Tests.Sampling;

public abstract class SamplingSuite
{
    protected abstract KernelHost Host { get; }

    /// <summary>One slice and several, slices that one logit begins, many equal logits, a whole small vocabulary.</summary>
    public static TheoryData<string, int, int, int> Shapes()
    {
        var data = new TheoryData<string, int, int, int>();
        foreach (string type in Enum.GetNames<ElementType>())
        {
            foreach ((int rows, int vocabulary, int count) in new[] { (1, 1, 1), (3, 50, 50), (2, 4096, 1), (1, 4097, 64), (3, 9000, 5) }) data.Add(type, rows, vocabulary, count);
        }

        data.Add(nameof(ElementType.BFloat16), 1, 151_936, 20); // 38 slices: some lanes have two lists
        return data;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Candidates_AnyShape_AreTheHighestInOrder(string typeName, int rows, int vocabulary, int count)
    {
        ElementType type = Enum.Parse<ElementType>(typeName);
        double[] logits = Expect.Rounded(type, Expect.Normal(rows * vocabulary, 1, 5));
        for (int i = 0; i < logits.Length; i += 3) logits[i] = Math.Round(logits[i]); // equals
        for (int i = 1; i < logits.Length; i += 97) logits[i] = double.NegativeInfinity;
        for (int i = 2; i < logits.Length; i += 61) logits[i] = i % 2 == 0 ? -0.0 : 0.0;
        foreach (bool plain in new[] { false, true })
        {
            if (plain && vocabulary > 10_000) continue;
            (int[] tokens, float[] scores, float[] masses) = Run(type, logits, rows, vocabulary, count, plain);
            for (int row = 0; row < rows; row++)
            {
                double[] own = logits[(row * vocabulary)..((row + 1) * vocabulary)];
                int[] wanted = [.. Enumerable.Range(0, vocabulary).OrderByDescending(token => own[token]).ThenBy(token => token).Take(count)];
                Expect.Same(wanted, tokens[(row * count)..((row + 1) * count)], $"tokens of row {row}");
                Expect.Same([.. wanted.Select(token => (float)own[token] + 0f)], scores[(row * count)..((row + 1) * count)], $"scores of row {row}");
                Assert.Equal(Mass(own, 1), masses[2 * row], Mass(own, 1) * (plain ? 1e-4 : CandidateKernel.MassTolerance / 2));
                Assert.Equal(masses[2 * row], masses[(2 * row) + 1]);
            }
        }
    }

    /// <summary>Rows at temperatures of their own, as many candidates as each asks for, and none; rows that are flat, steep, rising and of far outliers.</summary>
    [Fact]
    public void Candidates_RowsOfTheirOwnTemperatureAndCount_AreWithinTheTolerance()
    {
        const int vocabulary = 20_011, most = 64;
        double[] temperatures = [1, 0.7, 0.1, 3, 1e-4, 1e4, 0.5, 1, 0.25];
        int[] counts = [1, 64, 0, 7, 2, 64, 70, 3, 5];
        double[] logits = new double[temperatures.Length * vocabulary];
        double[] normal = Expect.Normal(logits.Length, 3, 4);
        for (int i = 0; i < logits.Length; i++)
        {
            (int row, int token) = (i / vocabulary, i % vocabulary);
            logits[i] = (float)((row % 4) switch { 0 => normal[i], 1 => token % 5 * 1e-3, 2 => -Math.Log(token + 1.0) * 1.1, _ => (normal[i] * 4) + (token == 777 ? 60 : 0) });
        }

        foreach (bool plain in new[] { false, true })
        {
            (int[] tokens, float[] scores, float[] masses) = Run(ElementType.Float32, logits, temperatures.Length, vocabulary, most, plain, counts, temperatures);
            double worst = 0;
            for (int row = 0; row < temperatures.Length; row++)
            {
                double[] own = logits[(row * vocabulary)..((row + 1) * vocabulary)];
                int count = Math.Min(counts[row], most);
                int[] wanted = [.. Enumerable.Range(0, vocabulary).OrderByDescending(token => own[token]).ThenBy(token => token).Take(count)];
                Expect.Same(wanted, tokens[(row * most)..((row * most) + count)], $"tokens of row {row}");
                Assert.All(tokens[((row * most) + count)..((row + 1) * most)], token => Assert.Equal(-7, token));
                Assert.All(scores[((row * most) + count)..((row + 1) * most)], score => Assert.Equal(-7, score));
                if (count == 0)
                {
                    Assert.Equal((-7, -7), (masses[2 * row], masses[(2 * row) + 1]));
                    continue;
                }

                double one = Mass(own, 1), scaled = Mass(own, temperatures[row]);
                worst = Math.Max(worst, Math.Max(Math.Abs(masses[2 * row] - one) / one, Math.Abs(masses[(2 * row) + 1] - scaled) / scaled));
            }

            TestContext.Current.SendDiagnosticMessage($"masses off by {worst:E2} at most, plain: {plain}");
            Assert.True(worst <= (plain ? 1e-3 : CandidateKernel.MassTolerance / 2), $"masses off by {worst:E2}");
        }
    }

    [Theory]
    [InlineData(double.NaN)]
    [InlineData(double.PositiveInfinity)]
    public void Candidates_DamagedRow_ShowsInTheMasses(double value)
    {
        foreach (bool plain in new[] { false, true })
        {
            foreach (int at in new[] { 0, 31, 4500, 9999 })
            {
                double[] logits = Expect.Normal(20_000, 1);
                logits[at] = value;
                float[] masses = Run(ElementType.Float32, logits, 2, 10_000, 1, plain).Masses;
                Assert.True(float.IsNaN(masses[0]) && float.IsNaN(masses[1]), $"{masses[0]} for {value} at {at}");
                Assert.True(float.IsFinite(masses[2]) && float.IsFinite(masses[3]));
            }
        }
    }

    [Fact]
    public void Candidates_NothingButMinusInfinity_SayTheFirstTokens()
    {
        double[] logits = new double[5000];
        Array.Fill(logits, double.NegativeInfinity);
        (int[] tokens, float[] scores, float[] masses) = Run(ElementType.Float32, logits, 1, 5000, 3, plain: false);
        Assert.Equal([0, 1, 2], tokens);
        Assert.All(scores, score => Assert.Equal(float.NegativeInfinity, score));
        Assert.Equal([0, 0], masses);
    }

    [Fact]
    public void Candidates_WrongArguments_AreNamed()
    {
        using DeviceTensor some = DeviceTensor.Of(Host.Context, ElementType.Float32, new double[64], 64);
        var good = new CandidateArguments
        {
            Type = ElementType.Float32, Rows = 1, Vocabulary = 64, Logits = some.Rows, Count = 1, Tokens = some.Address, Scores = some.Address, Workspace = some.Address,
        };
        var kernel = new CandidateKernel(Host.Context);
        Fails("Count", good with { Count = 65 });
        Fails("Count", good with { Vocabulary = 8, Count = 9 });
        Fails("Vocabulary", good with { Vocabulary = CandidateKernel.MostTokens + 1 });
        Fails("Workspace", good with { Workspace = 0 });
        Fails("Logits", good with { Logits = new RowTensor(some.Address, 63) });
        Assert.Throws<ArgumentOutOfRangeException>(() => CandidateKernel.WorkspaceBytes(1, 64, 0));

        void Fails(string word, CandidateArguments arguments) =>
            Assert.Contains(word, Assert.ThrowsAny<ArgumentException>(() => kernel.Run(arguments, 0)).Message, StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>Steps after each other against the same in C#: a sequence that is none, pages that end, two groups, more notes than there is room for.</summary>
    [Fact]
    public void Advance_StepAfterStep_IsTheHostsBookkeeping()
    {
        const int sequences = 37, stride = 3, steps = 4, room = 3, page = 16;
        var random = new Random(1);
        int[] lengths = [.. Enumerable.Range(0, sequences).Select(i => i % 5 == 4 ? 0 : random.Next(1, 50))], positions = [.. lengths.Select(length => length + 7)];
        int[] inputs = new int[sequences], firstSlots = new int[sequences], secondSlots = new int[sequences], history = new int[room * sequences];
        int[] firstPages = [.. Enumerable.Range(0, sequences * 4).Select(i => i + 100)], secondPages = [.. Enumerable.Range(0, sequences * 3).Select(i => i % 2 == 0 ? i : -1)];
        using DeviceValues<int> lengthsThere = new(Host.Context, lengths), positionsThere = new(Host.Context, positions), inputsThere = new(Host.Context, inputs), step = new(Host.Context, [0]);
        using DeviceValues<int> firstSlotsThere = new(Host.Context, firstSlots), secondSlotsThere = new(Host.Context, secondSlots), historyThere = new(Host.Context, history);
        using DeviceValues<int> firstThere = new(Host.Context, firstPages), secondThere = new(Host.Context, secondPages);
        var kernel = new AdvanceKernel(Host.Context);
        var arguments = new AdvanceArguments
        {
            Sequences = sequences, Lengths = lengthsThere.Address, PageSize = page, First = new AdvanceGroup(firstThere.Address, 4, firstSlotsThere.Address),
            Third = new AdvanceGroup(secondThere.Address, 3, secondSlotsThere.Address),
        };
        kernel.Run(arguments, 0); // slots alone
        CheckSlots();
        Assert.Equal(lengths, lengthsThere.Get());
        for (int number = 0; number < steps; number++)
        {
            int[] chosen = [.. Enumerable.Range(0, sequences * stride).Select(_ => random.Next(1000))];
            using DeviceValues<int> chosenThere = new(Host.Context, chosen);
            kernel.Run(
                arguments with
                {
                    Chosen = chosenThere.Address, ChosenStride = stride, Inputs = inputsThere.Address, Positions = positionsThere.Address,
                    History = historyThere.Address, Step = step.Address, HistorySteps = room,
                },
                0);
            for (int s = 0; s < sequences; s++)
            {
                if (number < room) history[(number * sequences) + s] = lengths[s] == 0 ? -1 : chosen[s * stride];
                if (lengths[s] == 0) continue;
                inputs[s] = chosen[s * stride];
                lengths[s]++;
                positions[s]++;
            }

            Assert.Equal(inputs, inputsThere.Get());
            Assert.Equal(lengths, lengthsThere.Get());
            Assert.Equal(positions, positionsThere.Get());
            Assert.Equal(history, historyThere.Get());
            Assert.Equal([number + 1], step.Get());
            CheckSlots();
        }

        void CheckSlots()
        {
            for (int s = 0; s < sequences; s++) (firstSlots[s], secondSlots[s]) = (Slot(firstPages, 4, s), Slot(secondPages, 3, s));
            Assert.Equal(firstSlots, firstSlotsThere.Get());
            Assert.Equal(secondSlots, secondSlotsThere.Get());
        }

        int Slot(int[] pages, int most, int s)
        {
            int key = lengths[s] - 1;
            return key < 0 || key / page >= most || pages[(s * most) + (key / page)] < 0 ? -1 : (pages[(s * most) + (key / page)] * page) + (key % page);
        }
    }

    [Fact]
    public void Advance_WrongArguments_AreNamed()
    {
        using DeviceValues<int> some = new(Host.Context, new int[16]);
        var good = new AdvanceArguments { Sequences = 1, Lengths = some.Address, PageSize = 16 };
        Fails("PageSize", good with { PageSize = 24 });
        Fails("Lengths", good with { Lengths = 0 });
        Fails("Inputs", good with { Chosen = some.Address });
        Fails("Step", good with { Chosen = some.Address, Inputs = some.Address, Positions = some.Address, History = some.Address });
        Fails("Second.Slots", good with { Second = new AdvanceGroup(some.Address, 1, 0) });

        void Fails(string word, AdvanceArguments arguments) =>
            Assert.Contains(word, Assert.ThrowsAny<ArgumentException>(() => new AdvanceKernel(Host.Context).Run(arguments, 0)).Message, StringComparison.Ordinal);
    }

    private static double Mass(double[] logits, double temperature)
    {
        double highest = logits.Max();
        return double.IsNegativeInfinity(highest) ? 0 : logits.Sum(value => Math.Exp((value - highest) / temperature));
    }

    private (int[] Tokens, float[] Scores, float[] Masses) Run(
        ElementType type, double[] logits, int rows, int vocabulary, int count, bool plain, int[]? counts = null, double[]? temperatures = null)
    {
        using DeviceTensor there = DeviceTensor.Of(Host.Context, type, logits, vocabulary, stride: vocabulary + 3);
        using DeviceValues<int> tokens = new(Host.Context, Untouched<int>(rows * count, -7)), wanted = new(Host.Context, counts ?? new int[rows]);
        using DeviceValues<float> scores = new(Host.Context, Untouched(rows * count, -7f)), masses = new(Host.Context, Untouched(2 * rows, -7f));
        using DeviceValues<float> inverses = new(Host.Context, [.. (temperatures ?? new double[rows]).Select(temperature => (float)(1 / temperature))]);
        using DeviceValues<byte> workspace = new(Host.Context, new byte[CandidateKernel.WorkspaceBytes(rows, vocabulary, count)]);
        new CandidateKernel(Host.Context, plain).Run(
            new CandidateArguments
            {
                Type = type, Rows = rows, Vocabulary = vocabulary, Logits = there.Rows, Count = count, Tokens = tokens.Address, Scores = scores.Address, Masses = masses.Address,
                Counts = counts is null ? 0 : wanted.Address, InverseTemperatures = temperatures is null ? 0 : inverses.Address, Workspace = workspace.Address,
            },
            0);
        return (tokens.Get(), scores.Get(), masses.Get());

        static T[] Untouched<T>(int length, T value)
        {
            var values = new T[length];
            Array.Fill(values, value);
            return values;
        }
    }
}
