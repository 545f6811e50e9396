namespace LongContext.Samples.QuickStart.Reporting;

/// <summary>A vertical axis: from 0 to 1 for ratios, by powers for quantities that span more than a factor of ten.</summary>
internal sealed record ChartScale(double Low, double High, bool Logarithmic)
{
    public IEnumerable<double> Ticks
    {
        get
        {
            if (!Logarithmic)
            {
                for (int i = 0; i <= 5; i++) yield return Low + ((High - Low) * i / 5);
                yield break;
            }

            for (double tick = Low; tick <= High * 1.0001; tick *= High / Low > 1e4 ? 10 : High / Low > 100 ? 5 : 2) yield return tick;
        }
    }

    public static ChartScale For(IEnumerable<double> values)
    {
        double[] finite = [.. values.Where(double.IsFinite)];
        double low = finite.DefaultIfEmpty(0).Min(), high = finite.DefaultIfEmpty(1).Max();
        if (low >= 0 && high <= 1) return new ChartScale(0, 1, Logarithmic: false);
        if (low > 0 && high / low > 4) return new ChartScale(Math.Max(1, Math.Floor(low)), high * 1.1, Logarithmic: true);
        return new ChartScale(0, high * 1.1, Logarithmic: false);
    }

    /// <summary>0 at the bottom, 1 at the top; values outside stay at the edge.</summary>
    public double Place(double value)
    {
        double share = Logarithmic ? Math.Log(Math.Max(value, Low) / Low) / Math.Log(High / Low) : (value - Low) / (High - Low);
        return double.IsNaN(share) ? 1 : Math.Clamp(share, 0, 1);
    }
}
