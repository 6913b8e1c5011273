/// Holm's adjusted p-values, in the order given: with p₍₁₎ ≤ … ≤ p₍ₘ₎, p̃₍ᵢ₎ = max over j ≤ i of min(1, (m − j + 1)·p₍ⱼ₎).
///
/// Rejecting where p̃ ≤ α keeps the chance of any false rejection in the family at α, whatever the dependence.
///
/// Source: Holm 1979, Scand. J. Statist. 6:65.
pub(crate) fn holm(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|&a, &b| p_values[a].total_cmp(&p_values[b]));
    let mut adjusted = vec![0.0; p_values.len()];
    let mut largest: f64 = 0.0;
    for (rank, &index) in order.iter().enumerate() {
        largest = largest.max((p_values.len() - rank) as f64 * p_values[index]).min(1.0);
        adjusted[index] = largest;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    // statsmodels 0.15.0: multipletests([0.01, 0.04, 0.03, 0.005, 0.5, 0.04], method="holm")[1]
    #[test]
    fn agrees_with_statsmodels() {
        let ours = holm(&[0.01, 0.04, 0.03, 0.005, 0.5, 0.04]);
        let theirs = [0.05, 0.12, 0.12, 0.03, 0.5, 0.12];
        assert!(ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() < 1e-15), "{ours:?}");
    }

    #[test]
    fn an_empty_family_has_no_p_values() {
        assert!(holm(&[]).is_empty());
    }
}
