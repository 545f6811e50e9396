namespace LongContext.Evaluation.Segmentation;

/// <summary>
/// jieba's hidden Markov model, which finds words that no dictionary has: each character begins a word (B), stands in its middle (M), ends it (E) or is one (S).
/// </summary>
internal sealed class JiebaModel
{
    // In the order of their letters: of equally likely states jieba takes the later letter.
    private const int B = 0, E = 1, M = 2, S = 3, StateCount = 4;
    private const string Letters = "BEMS";
    private const double Impossible = -3.14e100;

    // Which two states may stand before each, in the order of their letters.
    private static readonly (int Low, int High)[] Before = [(E, S), (B, M), (B, M), (E, S)];

    private readonly double[] start;
    private readonly double[,] transitions;
    private readonly double[][] emissions;

    private JiebaModel(double[] start, double[,] transitions, double[][] emissions)
    {
        this.start = start;
        this.transitions = transitions;
        this.emissions = emissions;
    }

    /// <summary>Reads prob_start.py, prob_trans.py and prob_emit.py, logarithms of probabilities.</summary>
    /// <exception cref="FileNotFoundException">One of them is not there.</exception>
    /// <exception cref="InvalidDataException">One is not of the expected form.</exception>
    public static JiebaModel Load(string folder)
    {
        string startPath = Existing(folder, "prob_start.py"), transitionPath = Existing(folder, "prob_trans.py"), emissionPath = Existing(folder, "prob_emit.py");
        Dictionary<string, double> starts = PythonTable.Load(startPath);
        CheckStates(startPath, starts.Keys);
        Dictionary<string, Dictionary<string, double>> emitted = PythonTable.LoadNested(emissionPath);
        CheckStates(emissionPath, emitted.Keys);
        return new JiebaModel(
            [.. Letters.Select(letter => starts[letter.ToString()])],
            Transitions(transitionPath),
            [.. Letters.Select(letter => Emissions(emissionPath, emitted[letter.ToString()]))]);
    }

    /// <summary>Cuts a run of Chinese characters into its likeliest words (Viterbi).</summary>
    public void Cut(ReadOnlySpan<char> run, Action<int, int> take)
    {
        byte[] states = LikeliestStates(run);
        int begin = 0, next = 0;
        for (int i = 0; i < states.Length; i++)
        {
            if (states[i] == B) begin = i;
            else if (states[i] == E) take(begin, next = i + 1);
            else if (states[i] == S) take(i, next = i + 1);
        }

        if (next < run.Length) take(next, run.Length);
    }

    private byte[] LikeliestStates(ReadOnlySpan<char> run)
    {
        byte[] before = new byte[run.Length * StateCount];
        Span<double> likelihood = stackalloc double[StateCount], last = stackalloc double[StateCount];
        for (int state = 0; state < StateCount; state++) likelihood[state] = start[state] + Emission(state, run[0]);
        for (int i = 1; i < run.Length; i++)
        {
            likelihood.CopyTo(last);
            for (int state = 0; state < StateCount; state++)
            {
                (int low, int high) = Before[state];
                double emission = Emission(state, run[i]);
                double fromLow = last[low] + transitions[low, state] + emission, fromHigh = last[high] + transitions[high, state] + emission;
                before[(i * StateCount) + state] = (byte)(fromHigh >= fromLow ? high : low);
                likelihood[state] = Math.Max(fromLow, fromHigh);
            }
        }

        byte[] states = new byte[run.Length];
        states[^1] = likelihood[S] >= likelihood[E] ? (byte)S : (byte)E;
        for (int i = run.Length - 1; i > 0; i--) states[i - 1] = before[(i * StateCount) + states[i]];
        return states;
    }

    private double Emission(int state, char c) => emissions[state][c - JiebaCharacters.FirstHan];

    private static string Existing(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? path : throw new FileNotFoundException($"{path} is not there; expected jieba's model, which lies in its folder finalseg: prob_start.py, prob_trans.py, prob_emit.py.", path);
    }

    private static double[,] Transitions(string path)
    {
        Dictionary<string, Dictionary<string, double>> table = PythonTable.LoadNested(path);
        CheckStates(path, table.Keys);
        double[,] transitions = new double[StateCount, StateCount];
        for (int from = 0; from < StateCount; from++)
        {
            Dictionary<string, double> row = table[Letters[from].ToString()];
            if (row.Keys.FirstOrDefault(key => key.Length != 1 || !Letters.Contains(key[0])) is { } unknown)
                throw new InvalidDataException($"{path}: found the state '{unknown}', expected B, E, M or S.");
            for (int to = 0; to < StateCount; to++) transitions[from, to] = row.GetValueOrDefault(Letters[to].ToString(), Impossible);
        }

        return transitions;
    }

    private static double[] Emissions(string path, Dictionary<string, double> table)
    {
        double[] emissions = new double[JiebaCharacters.LastHan - JiebaCharacters.FirstHan + 1];
        Array.Fill(emissions, Impossible);
        foreach ((string key, double value) in table)
        {
            if (key.Length != 1) throw new InvalidDataException($"{path}: found the key '{key}', expected one character.");
            // Others are in the file, but the model is never asked for them.
            if (JiebaCharacters.IsHan(key[0])) emissions[key[0] - JiebaCharacters.FirstHan] = value;
        }

        return emissions;
    }

    private static void CheckStates(string path, IEnumerable<string> keys)
    {
        string[] found = [.. keys.Order(StringComparer.Ordinal)];
        if (!found.SequenceEqual(Letters.Select(letter => letter.ToString())))
            throw new InvalidDataException($"{path}: found the states {string.Join(", ", found)}, expected B, E, M, S.");
    }
}
