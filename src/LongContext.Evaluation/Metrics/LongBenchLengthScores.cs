namespace LongContext.Evaluation.Metrics;

/// <summary>LongBench-E's scores of a data set by length of the text in words, 0 to 100 with two digits; NaN where there is no example.</summary>
/// <param name="Below4K">Fewer than 4,000 words: "0-4k".</param>
/// <param name="From4KTo8K">4,000 to 7,999 words: "4-8k".</param>
/// <param name="From8K">8,000 words and more: "8k+".</param>
public readonly record struct LongBenchLengthScores(double Below4K, double From4KTo8K, double From8K);
