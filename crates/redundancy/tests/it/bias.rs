//! Bias modes: their names, shapes and linear maps.

use untied_redundancy::{Bias, BiasTerms, RedundancyError};

use crate::map;

#[test]
fn names_are_those_of_configs() {
    let names =
        [(Bias::None, "none"), (Bias::Tied, "tied"), (Bias::Untied, "untied"), (Bias::Factorised, "factorised")];
    for (bias, name) in names {
        assert_eq!((bias.to_string(), serde_json::to_value(&bias).unwrap()), (name.to_owned(), name.into()));
    }
    let along = Bias::UntiedAlong(vec![0, 1]);
    assert_eq!(along.to_string(), "untied_along[0, 1]");
    assert_eq!(serde_json::to_string(&along).unwrap(), r#"{"untied_along":[0,1]}"#);
    assert_eq!(serde_json::from_str::<Bias>(r#"{"untied_along":[0,1]}"#).unwrap(), along);
    assert_eq!(format!("{:>6}|", Bias::Tied), "  tied|");
    assert_eq!(Bias::default(), Bias::Tied);
}

#[test]
fn each_mode_has_its_shape() {
    let shape = |bias: Bias| bias.spatial_shape([4, 5]);
    assert_eq!(shape(Bias::None), Ok(None));
    assert_eq!(shape(Bias::Tied), Ok(Some([1, 1])));
    assert_eq!(shape(Bias::Untied), Ok(Some([4, 5])));
    assert_eq!(shape(Bias::UntiedAlong(vec![0])), Ok(Some([4, 1])));
    assert_eq!(shape(Bias::UntiedAlong(vec![1])), Ok(Some([1, 5])));
    assert_eq!(shape(Bias::UntiedAlong(vec![1, 0])), Ok(Some([4, 5])));
    assert_eq!(Bias::UntiedAlong(vec![1]).terms(3, &[4, 5]), Ok(vec![vec![3, 1, 5]]));
    assert_eq!(Bias::Factorised.terms(3, &[4, 5]), Ok(vec![vec![3, 1, 1], vec![1, 4, 1], vec![1, 1, 5]]));
    assert_eq!(shape(Bias::Factorised), Err(RedundancyError::Terms { found: 3 }));
    let biases = [Bias::None, Bias::Tied, Bias::Untied, Bias::UntiedAlong(vec![2]), Bias::Factorised];
    assert_eq!(biases.map(|bias| bias.needs_size()), [false, false, true, true, true]);
}

#[test]
fn impossible_axes_are_refused() {
    for axes in [vec![], vec![2], vec![1, 1]] {
        let bias = Bias::UntiedAlong(axes.clone());
        let error = RedundancyError::Axes { axes, rank: 2 };
        assert_eq!(bias.spatial_shape([2, 2]), Err(error.clone()));
        assert_eq!(BiasTerms::new(&bias, 1, &[2, 2]), Err(error));
    }
    let error = Bias::UntiedAlong(vec![1, 1]).spatial_shape([2, 2]).expect_err("an axis twice");
    let message = "expected a bias untied along distinct spatial axes below 2, at least one, found [1, 1]";
    assert_eq!(error.to_string(), message);
}

#[test]
fn impossible_shapes_are_refused() {
    let cases = [
        (BiasTerms::new(&Bias::Tied, 0, &[1]), "expected at least 1 channel, found 0"),
        (BiasTerms::new(&Bias::Tied, 1, &[]), "expected 1 to 3 spatial axes, found 0"),
        (BiasTerms::new(&Bias::Untied, 1, &[1; 4]), "expected 1 to 3 spatial axes, found 4"),
        (BiasTerms::new(&Bias::Untied, 1, &[2, 0]), "expected at least 1 location along spatial axis 1, found 0"),
    ];
    for (map, message) in cases {
        assert_eq!(map.expect_err(message).to_string(), message);
    }
    let huge = usize::MAX / 2;
    assert!(matches!(BiasTerms::new(&Bias::Tied, 3, &[huge]), Err(RedundancyError::TooLarge { .. })));
    for term in [&[][..], &[4], &[4, 2], &[2, 3], &[4, 3, 1]] {
        let error = BiasTerms::from_terms(vec![term.to_vec()], 4, &[3]).expect_err("the term does not fit");
        assert!(matches!(error, RedundancyError::BiasDimensions { .. }), "{error}");
    }
}

#[test]
fn each_parameter_goes_where_it_is_shared() {
    let along = map(&Bias::UntiedAlong(vec![1]), 2, &[2, 3]);
    assert_eq!((along.parameters(), along.terms()), (6, &[vec![2, 1, 3]][..]));
    let expanded = along.expand(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
    assert_eq!(expanded, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 4.0, 5.0, 6.0]);
    assert_eq!(along.transpose(&expanded), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
    let sum = BiasTerms::from_terms(vec![vec![2, 1], vec![1, 3]], 2, &[3]).expect("terms fit");
    assert_eq!(sum.expand(&[10.0, 20.0, 1.0, 2.0, 3.0]), [11.0, 12.0, 13.0, 21.0, 22.0, 23.0]);
    assert_eq!(sum.ranges().collect::<Vec<_>>(), [0..2, 2..5]);
    assert_eq!(map(&Bias::None, 2, &[3]).expand(&[]), [0.0; 6]);
}
