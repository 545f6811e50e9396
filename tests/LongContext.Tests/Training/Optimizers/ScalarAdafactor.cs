using LongContext.Training.Optimizers;

namespace LongContext.Tests.Training.Optimizers;

/// <summary>
/// Shazeer and Stern 2018, algorithms 4 and 5, with the choices of transformers' class: means in place of sums, ε1 added to each
/// square, decay and first moment as there.
/// </summary>
internal sealed class ScalarAdafactor(double[] values, long[] shape, AdafactorOptions options, bool decays) : IScalarOptimizer
{
    private readonly double[] firstMoment = new double[values.Length];
    private readonly double[] squares = new double[values.Length];
    private readonly Dictionary<(long Matrix, long Row), double> rows = [];
    private readonly Dictionary<(long Matrix, long Column), double> columns = [];
    private int step;

    public double[] Values => values;

    public void Step(double[] gradient, double learningRate)
    {
        step++;
        double beta2 = 1 - Math.Pow(step, options.Beta2Exponent);
        double rho = options.RelativeStep ? learningRate * Math.Min(0.01, 1 / Math.Sqrt(step)) : learningRate;
        double alpha = options.ScaleByParameter ? Math.Max(options.ParameterEpsilon, RootMeanSquare(values)) * rho : rho;
        double[] update = shape.Length >= 2 ? Factored(gradient, beta2) : Whole(gradient, beta2);
        double clip = Math.Max(1, RootMeanSquare(update) / options.ClipThreshold);
        for (int i = 0; i < values.Length; i++)
        {
            double move = alpha * update[i] / clip;
            if (options.Beta1 is { } beta1) move = firstMoment[i] = beta1 * firstMoment[i] + (1 - beta1) * move;
            values[i] -= (decays ? options.WeightDecay * alpha * values[i] : 0) + move;
        }
    }

    private double[] Whole(double[] gradient, double beta2)
    {
        for (int i = 0; i < squares.Length; i++) squares[i] = beta2 * squares[i] + (1 - beta2) * (gradient[i] * gradient[i] + options.SquareEpsilon);
        return [.. gradient.Select((g, i) => g / Math.Sqrt(squares[i]))];
    }

    private double[] Factored(double[] gradient, double beta2)
    {
        long rowCount = shape[^2], columnCount = shape[^1];
        (long Matrix, long Row, long Column) At(int i) => (i / (rowCount * columnCount), i / columnCount % rowCount, i % columnCount);
        foreach (var row in Enumerable.Range(0, values.Length).GroupBy(i => (At(i).Matrix, At(i).Row)))
            rows[row.Key] = beta2 * rows.GetValueOrDefault(row.Key) + (1 - beta2) * row.Average(i => gradient[i] * gradient[i] + options.SquareEpsilon);
        foreach (var column in Enumerable.Range(0, values.Length).GroupBy(i => (At(i).Matrix, At(i).Column)))
            columns[column.Key] = beta2 * columns.GetValueOrDefault(column.Key) + (1 - beta2) * column.Average(i => gradient[i] * gradient[i] + options.SquareEpsilon);
        Dictionary<long, double> means = rows.GroupBy(row => row.Key.Matrix).ToDictionary(matrix => matrix.Key, matrix => matrix.Average(row => row.Value));
        return
        [
            .. gradient.Select((g, i) =>
            {
                (long matrix, long row, long column) = At(i);
                return g / Math.Sqrt(rows[(matrix, row)] * columns[(matrix, column)] / means[matrix]);
            }),
        ];
    }

    private static double RootMeanSquare(double[] numbers) => Math.Sqrt(numbers.Average(x => x * x));
}
